/** The last completed run of an entity against the limits of the settings (SEMANTICS 38). */
import type { Settings } from '../../domain/entity-map.ts';
import type { RunFigures } from '../../domain/performance/run-figures.ts';
import { PERFORMANCE_FLOOR } from '../../domain/settings.ts';
import { lastRuns } from '../performance/run-figures.ts';
import type { Session } from '../session.ts';

/** A shorter run says nothing about a rate. */
const FEWEST_ROWS = 10_000;
const SHORTEST_SECONDS = 5;
/** Runs among which the last completed one is looked for. */
const RUNS = 20;

export interface PerformanceCheck {
  readonly operationId: string | null;
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number | null;
  /** What is beyond its limit, in words; empty: nothing. */
  readonly beyond: readonly string[];
  /** Why nothing can be said, where nothing can. */
  readonly note: string | null;
}

/** Of an entity in a map; the time between an interruption and its resume is no time of the run. */
export async function checkPerformance(
  target: Session,
  mapName: string,
  entity: string,
  settings: Settings,
): Promise<PerformanceCheck> {
  const runs = await lastRuns(target, mapName, entity, RUNS);
  return judgePerformance(runs.find(({ status }) => status.startsWith('completed')) ?? null, settings);
}

export function judgePerformance(
  run: Pick<RunFigures, 'operationId' | 'rows' | 'wallMs' | 'batchMs' | 'memoryBytes'> | null,
  settings: Settings,
): PerformanceCheck {
  const [rows, seconds] = [run?.rows ?? 0, (run?.wallMs ?? 0) / 1000];
  const base = { operationId: run?.operationId ?? null, rows, seconds: Math.round(seconds * 10) / 10 };
  if (run === null || rows < FEWEST_ROWS || seconds < SHORTEST_SECONDS) {
    const note = `not enough data: ${rows} rows in ${seconds.toFixed(1)} s; a rate needs ${FEWEST_ROWS} rows and ${SHORTEST_SECONDS} s`;
    return { ...base, rowsPerSecond: null, beyond: [], note };
  }
  const rowsPerSecond = Math.round(rows / seconds);
  const floor = settings.performanceFloor ?? PERFORMANCE_FLOOR;
  const slowest = run.batchMs.most;
  const memoryMb = Math.round((run.memoryBytes?.most ?? 0) / 2 ** 20);
  const beyond = [
    ...(rowsPerSecond < floor ? [`${rowsPerSecond} rows/s, the floor is ${floor}`] : []),
    ...(settings.batchTimeoutMs !== undefined && slowest > settings.batchTimeoutMs
      ? [`the slowest batch took ${slowest} ms, the limit is ${settings.batchTimeoutMs}`]
      : []),
    ...(settings.memoryLimitMb !== undefined && memoryMb > settings.memoryLimitMb
      ? [`${memoryMb} MB of memory, the limit is ${settings.memoryLimitMb}`]
      : []),
  ];
  return { ...base, rowsPerSecond, beyond, note: null };
}
