/** What the ledger has measured of one entity in one operation. Counted by the database, judged by the rules beside this file. */

export interface RunFigures {
  readonly entity: string;
  readonly operationId: string;
  readonly status: string;
  readonly mode: string;
  readonly startedAt: string;
  /** Rows that it looked at: those that passed through its hands, and those of ranges that were equal by their sums. */
  readonly rows: number;
  readonly rowsMoved: number;
  readonly rowsCompared: number;
  readonly written: number;
  readonly setAside: number;
  readonly conflicts: number;
  /** Batches in which rows were moved; what they took stands below. */
  readonly batches: number;
  /** Of these, batches cut down to a row or two because a row could not be written. */
  readonly bisected: number;
  /** Slices of the plan: as many may be worked on side by side. */
  readonly slices: number;
  /** From the beginning to the last commit, without pauses. */
  readonly wallMs: number;
  /** Between an interruption and its resume. */
  readonly pausedMs: number;
  readonly rowsPerSecond: number | null;
  readonly phases: PhaseTimes;
  readonly batchRows: Spread;
  readonly batchMs: Spread;
  readonly memoryBytes: { readonly first: number; readonly last: number; readonly most: number } | null;
}

/** Summed over all lanes. */
export interface PhaseTimes {
  /** From the claim to the first batch: comparing sums, planning slices. */
  readonly prepareMs: number;
  /** Reading the source into the staging table. */
  readonly readMs: number;
  /** Deciding and writing, in the transaction. */
  readonly writeMs: number;
  /** Between two batches of a slice: the commit, and the way from one step to the next. */
  readonly betweenMs: number;
}

export interface Spread {
  readonly median: number;
  readonly p95: number;
  readonly most: number;
}

export interface SlowBatch {
  readonly batchNo: string;
  readonly slice: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly rows: number;
  readonly setAside: number;
  readonly readMs: number;
  readonly writeMs: number;
  readonly committedAt: string;
}

/** What stands around the tables, for advice that can be followed. */
export interface TableFacts {
  readonly sourceKind: 'table' | 'view' | 'other';
  readonly sourceKeyIndexed: boolean;
  /** Expressions of the map that read other tables of the source, row by row. */
  readonly readsOtherTables: boolean;
  readonly targetIndexes: number;
  readonly targetTriggers: readonly string[];
}

export interface Limits {
  /** Rows per second (V004). */
  readonly floor: number;
  readonly memoryBytes: number;
}

/** Fewer rows say more about the start of a run than about its rate. */
const ENOUGH_ROWS = 1000;

/**
 * Rows that one lane moves in a second, whatever the lanes were and however many ranges were equal: the figure by which
 * runs can be compared. Null of a run that moved few.
 */
export function laneRate({ rowsMoved, phases }: Pick<RunFigures, 'rowsMoved' | 'phases'>): number | null {
  const ms = phases.readMs + phases.writeMs;
  return rowsMoved < ENOUGH_ROWS || ms === 0 ? null : Math.round((rowsMoved * 1000) / ms);
}
