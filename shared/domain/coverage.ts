/** Whether what was read leaves nothing out. Computed from what pieces recorded, never from what was hoped for. */

/** Half open key ranges (from, to], null is open; or one of 2^n parts by the hash of the key. */
export type CoveredPart =
  | { readonly range: { readonly from: string | null; readonly to: string | null } }
  | { readonly part: number; readonly of: number };

const rangesCover = (ranges: readonly { readonly from: string | null; readonly to: string | null }[]): boolean => {
  const left = [...ranges];
  // Followed end to end: each range begins where one before it ended, the first and the last are open.
  for (let from: string | null = null, first = true; left.length > 0; first = false) {
    const at: number = left.findIndex((range) => range.from === from && (first || from !== null));
    if (at < 0) return false;
    const [range] = left.splice(at, 1);
    if (range === undefined) return false;
    if (range.to === null) return left.length === 0;
    from = range.to;
  }
  return false;
};

/** True where the parts together are every key there is, each once. */
export function isGapless(parts: readonly CoveredPart[]): boolean {
  const ranges = parts.flatMap((part) => ('range' in part ? [part.range] : []));
  const hashed = parts.flatMap((part) => ('part' in part ? [part] : []));
  if (ranges.length > 0) return hashed.length === 0 && rangesCover(ranges);
  const of = hashed[0]?.of ?? 0;
  return (
    of > 0 &&
    hashed.length === of &&
    hashed.every((part) => part.of === of && part.part >= 0 && part.part < of) &&
    new Set(hashed.map(({ part }) => part)).size === of
  );
}
