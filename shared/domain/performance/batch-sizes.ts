/** Which size of batch carries most rows a second, from batches of several sizes. */
import type { BatchBin } from './report.ts';

export interface SizeClass {
  /** About so many rows a batch: doubled from class to class. */
  readonly rows: number;
  readonly batches: number;
  /** Of one lane. */
  readonly rowsPerSecond: number;
  /** The mean. */
  readonly ms: number;
}

/** One slow batch must not decide for its size. */
const ENOUGH_BATCHES = 5;
/** A larger batch holds locks and memory longer: it must be worth it. */
const WORTH = 1.05;

export function sizeClasses(bins: readonly BatchBin[]): readonly SizeClass[] {
  return [...Map.groupBy(bins, ({ rows }) => rows)]
    .map(([rows, own]) => {
      const batches = own.reduce((sum, bin) => sum + bin.batches, 0);
      const ms = own.reduce((sum, bin) => sum + bin.batches * bin.ms, 0) / batches;
      return { rows, batches, ms: Math.round(ms), rowsPerSecond: Math.round((rows * 1000) / Math.max(1, ms)) };
    })
    .toSorted((a, b) => a.rows - b.rows);
}

/** The smallest size that no larger one beats by more than a twentieth; null where sizes were not tried. */
export function bestSize(classes: readonly SizeClass[]): SizeClass | null {
  const tried = classes.filter(({ batches }) => batches >= ENOUGH_BATCHES);
  if (tried.length < 2) return null;
  return tried.reduce((best, each) => (each.rowsPerSecond > best.rowsPerSecond * WORTH ? each : best));
}
