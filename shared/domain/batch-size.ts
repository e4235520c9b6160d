/**
 * How many rows the next batch has: never more than a batch may hold in rows and bytes, and with `--optimize-batching` as
 * many as take a steady time. The steering is that of pt-online-schema-change and Spirit: rows are counted, time is what is
 * held steady, and an exponentially weighted mean keeps one slow batch from halving all that follow.
 */

/** What one batch was. */
export interface BatchMeasure {
  readonly rows: number;
  readonly bytes: number;
  /** From the first row read to the commit, without waiting for a pace. */
  readonly ms: number;
}

export interface BatchBounds {
  /** The size of the first batch, and of every one that is not steered. */
  readonly startRows: number;
  readonly mostRows: number;
  readonly mostBytes: number;
  /** The time that a batch is to take; null: not steered. */
  readonly targetMs: number | null;
}

/** What has been learnt; both means are of one row, null before the first batch. */
export interface BatchSize {
  readonly rows: number;
  readonly msPerRow: number | null;
  readonly bytesPerRow: number | null;
}

/** The time of pt-table-checksum: long enough that the cost of a commit does not count, short enough that a stop, a lock and a snapshot are soon over. */
export const TARGET_MS = 500;
/** Below this a batch is all overhead (measured: 200 rows make 26,000 rows/s where 1,000 make 60,000). */
const LEAST_STEERED = 100;
/** Weight of the newest batch: half of what is known comes from the last two. */
const WEIGHT = 0.3;
/** A batch grows to its double and shrinks to its quarter at most: too long hurts more than too short. */
const MOST_GROWTH = 2;
const MOST_SHRINK = 4;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const mean = (known: number | null, now: number): number => (known === null ? now : known + WEIGHT * (now - known));

const bounded = (rows: number, bytesPerRow: number | null, { mostRows, mostBytes }: BatchBounds): number =>
  clamp(
    Math.floor(bytesPerRow === null || bytesPerRow <= 0 ? rows : Math.min(rows, mostBytes / bytesPerRow)),
    1,
    mostRows,
  );

/** @param bytesPerRow what the catalog knows of the width of a row */
export const firstSize = (bounds: BatchBounds, bytesPerRow: number | null): BatchSize => ({
  rows: bounded(bounds.startRows, bytesPerRow, bounds),
  msPerRow: null,
  bytesPerRow: null,
});

/** The size after one more batch. An empty one teaches nothing. */
export function nextSize(size: BatchSize, measure: BatchMeasure, bounds: BatchBounds): BatchSize {
  if (measure.rows <= 0) return size;
  const lastWidth = measure.bytes / measure.rows;
  const msPerRow = mean(size.msPerRow, measure.ms / measure.rows);
  const bytesPerRow = mean(size.bytesPerRow, lastWidth);
  const steered =
    bounds.targetMs === null
      ? bounds.startRows
      : clamp(
          msPerRow <= 0 ? bounds.mostRows : bounds.targetMs / msPerRow,
          Math.max(LEAST_STEERED, size.rows / MOST_SHRINK),
          Math.max(LEAST_STEERED, size.rows * MOST_GROWTH),
        );
  // Rows that have just become wide go on being wide: the bound of bytes believes the worse of the two.
  return { rows: bounded(steered, Math.max(bytesPerRow, lastWidth), bounds), msPerRow, bytesPerRow };
}
