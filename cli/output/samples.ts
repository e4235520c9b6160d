/** The `--duration` commands while they look: a live line on a terminal, a JSON line a look for a program. */
import { monitorConnections } from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import { monitorResources } from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import { commandOf, type Operation } from '../../shared/operations/operation.ts';
import type { Io } from '../io.ts';
import { connectionLine, memoryLine, resourceLine } from './sample-lines.ts';

export interface WatchedSamples {
  /** Hears each result of a step. */
  observed(result: unknown): void;
  /** Takes the live line away. */
  clear(): void;
  /** The answer of what was seen so far; null before the first look. */
  soFar(): unknown;
  /** What was printed look by look is not printed again. */
  withoutSamples(answer: unknown): unknown;
}

interface LoopState {
  readonly sampling?: { readonly samples: readonly unknown[] };
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly samples?: readonly unknown[];
}

const CLEAR_LINE = '\r\u001b[2K';

/** The line of one look beside the look before. */
type Line = (sample: never, before: never) => string;
const LINES: ReadonlyMap<string, Line> = new Map<string, Line>([
  [commandOf(monitorConnections), connectionLine],
  [commandOf(monitorResources), resourceLine],
]);

export function watchSamples(operation: Operation, json: boolean, io: Io): WatchedSamples {
  const line = LINES.get(commandOf(operation)) ?? memoryLine;
  const live = io.terminal && !json;
  let last: LoopState | null = null;
  return {
    observed(result) {
      last = result as LoopState;
      const samples = samplesOf(last);
      const [before, now] = samples.slice(-2).length === 2 ? samples.slice(-2) : [undefined, samples[0]];
      if (json) io.out(`${JSON.stringify(now)}\n`);
      else if (live) io.err(`${CLEAR_LINE}${line(now as never, before as never)}`);
    },
    clear() {
      if (live && last !== null) io.err(CLEAR_LINE);
    },
    soFar: () => (last?.answer === undefined ? null : { ...last.answer, samples: samplesOf(last) }),
    withoutSamples: (answer) => ({ ...(answer as object), samples: [] }),
  };
}

const samplesOf = (state: LoopState): readonly unknown[] => state.sampling?.samples ?? state.samples ?? [];
