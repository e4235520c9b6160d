/** What a performance report says, as figures: the JSON is this, and the page draws it. */
import type { Bottleneck } from './judge-run.ts';
import type { PhaseTimes, Spread } from './run-figures.ts';
import type { Trend } from './trend.ts';

export interface PerformanceReport {
  readonly generatedAt: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly map: string;
  readonly versions: { readonly portage: string; readonly source: string | null; readonly target: string };
  readonly limits: { readonly rowsPerSecond: number; readonly memoryBytes: number };
  readonly operations: { readonly all: number; readonly failed: number };
  readonly entities: readonly EntityReport[];
  /** One a run, the oldest first; the newest of them where there are many. */
  readonly runs: readonly RunPoint[];
  readonly carried: readonly CarriedPoint[];
  readonly batches: readonly BatchBin[];
  readonly memory: readonly MemoryPoint[];
  readonly differentials: readonly DifferentialCount[];
  readonly columns: readonly ColumnCount[];
  readonly setAside: readonly SetAsideCount[];
  readonly notes: readonly string[];
}

export interface EntityReport {
  readonly entity: string;
  readonly runs: number;
  readonly rows: number;
  readonly rowsMoved: number;
  readonly written: number;
  readonly setAside: number;
  readonly conflicts: number;
  /** Of the last run that moved enough rows to say so. */
  readonly laneRate: number | null;
  readonly phases: PhaseTimes;
  readonly batchRows: Spread | null;
  readonly batchMs: Spread | null;
  readonly memoryBytes: number | null;
  readonly bottleneck: Bottleneck;
  readonly trend: Trend;
  readonly findings: readonly string[];
  readonly advice: readonly string[];
}

export interface RunPoint {
  readonly entity: string;
  readonly operationId: string;
  readonly status: string;
  readonly mode: string;
  readonly startedAt: string;
  readonly rows: number;
  readonly rowsMoved: number;
  readonly setAside: number;
  readonly conflicts: number;
  readonly wallMs: number;
  readonly rowsPerSecond: number | null;
  readonly laneRate: number | null;
}

/** Rows in a span of time. */
export interface CarriedPoint {
  readonly from: string;
  readonly to: string;
  readonly entity: string;
  readonly rows: number;
}

/** Batches of about so many rows that took about so long: both are doubled from bin to bin. */
export interface BatchBin {
  readonly rows: number;
  readonly ms: number;
  readonly batches: number;
}

export interface MemoryPoint {
  readonly at: string;
  readonly bytes: number;
}

export interface DifferentialCount {
  readonly entity: string;
  readonly type: string;
  readonly open: number;
  readonly closed: number;
}

export interface ColumnCount {
  readonly entity: string;
  readonly column: string;
  readonly type: string;
  readonly rows: number;
}

export interface SetAsideCount {
  readonly entity: string;
  readonly code: string;
  readonly rows: number;
}
