/**
 * A process of its own that runs the migration machine with its real handlers, and prints how long a handler was at work.
 * Handlers that overlap, in two lanes, count once: the union of their intervals.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { loadMachine, runMachine } from '../../cli/local/state-machine-runner.ts';
import { logFiles } from '../../cli/local/log-files.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { setLogSink } from '../../shared/log/current.ts';

export interface HandlerTimes {
  readonly runMs: number;
  readonly handlersMs: number;
  readonly calls: number;
}

type Interval = readonly [from: number, to: number];

/** Length of what the intervals cover together. */
function covered(intervals: readonly Interval[]): number {
  let sum = 0;
  let end = -Infinity;
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

async function timedRun(): Promise<HandlerTimes> {
  const machine = await loadMachine('migration');
  const intervals: Interval[] = [];
  const handlers = new Map(
    [...machine.handlers].map(([state, handler]) => [
      state,
      async (...call: Parameters<typeof handler>): Promise<unknown> => {
        const from = performance.now();
        try {
          return await handler(...call);
        } finally {
          intervals.push([from, performance.now()]);
        }
      },
    ]),
  );
  const started = performance.now();
  const input = { command: 'differential-migration migrate', entities: ['orders'] };
  await runMachine({ ...machine, handlers }, input, { execution: randomUUID(), signal: new AbortController().signal });
  return { runMs: performance.now() - started, handlersMs: covered(intervals), calls: intervals.length };
}

const logs = logFiles(process.env['PORTAGE_LOG_DIR'] ?? tmpdir());
setLogSink((line) => logs.sink(line));
const times = await timedRun();
await closeDependencies();
logs.close();
process.stdout.write(JSON.stringify(times));
