/** The few figures of statistics that verdicts on time and memory rest on. Pure, so that each verdict can be tested by numbers. */

/** The value in the middle; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Standard error of the slope: how far chance alone may have bent it. */
  readonly slopeError: number;
}

/** The line of least squares; null where the points say nothing about a slope. */
export function fitLine(points: readonly Point[]): Line | null {
  const n = points.length;
  if (n < 3) return null;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / n;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return null;
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const intercept = meanY - slope * meanX;
  const rest = points.reduce((sum, { x, y }) => sum + (y - intercept - slope * x) ** 2, 0);
  return { slope, intercept, slopeError: Math.sqrt(rest / (n - 2) / spread) };
}

/**
 * The median of the slopes between all pairs of points (Theil and Sen): up to three points in ten may be outliers, such as
 * a night on which a backup ran beside the migration.
 */
export function steadySlope(points: readonly Point[]): number | null {
  return median(
    points.flatMap((a, i) => points.slice(i + 1).flatMap((b) => (b.x === a.x ? [] : [(b.y - a.y) / (b.x - a.x)]))),
  );
}
