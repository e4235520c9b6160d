/** What the state machine costs beside its handlers: a run's time less the time in which a handler was at work. */
import type { Bench } from './databases.ts';
import { median, seconds, type Measured } from './measure.ts';
import { runScript } from './portage-command.ts';
import type { HandlerTimes } from './timed-run.ts';

const MOST_SHARE = 0.02;
const REPEATS = 3;

export async function measureOverhead(bench: Bench, rows: number): Promise<Measured> {
  const runs: (HandlerTimes & { share: number; startMs: number })[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const sides = await bench.fresh();
    const { output, ms } = await runScript('test/performance/timed-run.ts', [], sides);
    const times = JSON.parse(output) as HandlerTimes;
    runs.push({ ...times, share: 1 - times.handlersMs / times.runMs, startMs: ms - times.runMs });
    await bench.drop(sides);
  }
  const share = median(runs.map((time) => time.share));
  const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
  return {
    title: `Overhead of the machine, ${rows} orders`,
    table: [
      ['run', 'run', 'handlers at work', 'beside them', 'handler calls', 'start and end of the process'],
      ...runs.map((time, i) => [
        String(i + 1),
        seconds(time.runMs),
        seconds(time.handlersMs),
        percent(time.share),
        String(time.calls),
        seconds(time.startMs),
      ]),
    ],
    figures: { rows, runs, share },
    checks: [{ bound: `run less handlers under ${MOST_SHARE * 100} %`, got: percent(share), met: share < MOST_SHARE }],
  };
}
