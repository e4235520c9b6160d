/** Whether a figure rises or falls from one run to the next: the least-squares line through all of them. */

export interface Trend {
  readonly mean: number;
  /** Slope of the line, in percent of the mean a run; null where the mean is 0. */
  readonly percentPerRun: number | null;
  readonly direction: 'rising' | 'falling' | 'steady';
}

/** A line through fewer points follows the last of them. */
export const FEWEST_FOR_A_TREND = 5;
/** How much the line must gain over all runs, and how well it must fit (correlation), before it is called a trend. */
const LEAST_CHANGE = 0.1;
const LEAST_FIT = 0.5;

/** Oldest first. Null for fewer than five values. */
export function trendOf(values: readonly number[]): Trend | null {
  const n = values.length;
  if (n < FEWEST_FOR_A_TREND) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  let across = 0;
  let spread = 0;
  let together = 0;
  for (const [i, value] of values.entries()) {
    across += (i - middle) ** 2;
    spread += (value - mean) ** 2;
    together += (i - middle) * (value - mean);
  }
  const slope = together / across;
  const fit = spread === 0 ? 0 : Math.abs(together) / Math.sqrt(across * spread);
  const change = mean === 0 ? 0 : (slope * (n - 1)) / Math.abs(mean);
  const isTrend = fit >= LEAST_FIT && Math.abs(change) >= LEAST_CHANGE;
  return {
    mean,
    percentPerRun: mean === 0 ? null : (slope * 100) / Math.abs(mean),
    direction: isTrend ? (slope > 0 ? 'rising' : 'falling') : 'steady',
  };
}
