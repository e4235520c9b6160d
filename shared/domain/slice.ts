/** A slice: the key range (from, to] of one entity that one Map item works through; null is open. */
export interface Slice {
  readonly slice: number;
  readonly from: string | null;
  readonly to: string | null;
}

/** Ranges that cover the whole line without a gap: each bound ends one and begins the next. */
export const slicesFrom = (bounds: readonly string[]): readonly Slice[] =>
  [...bounds, null].map((to, i) => ({ slice: i, from: i === 0 ? null : (bounds[i - 1] ?? null), to }));
