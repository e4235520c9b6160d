/** The known name that somebody probably meant: every "unknown X" of the program ends with it. */

/** Edit distance in which two swapped neighbours count as one slip (optimal string alignment). */
export function slips(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(rows, i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(rows, i - 2, j - 2) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return at(rows, a.length, b.length);
}

const at = (rows: readonly (readonly number[])[], i: number, j: number): number => rows[i]?.[j] ?? 0;

/** Up to three known names, nearest first; none where nothing is near (more than a third of the letters differ). */
export function nearestNames(name: string, known: Iterable<string>): readonly string[] {
  const wanted = name.toLowerCase();
  return [...known]
    .map((candidate) => {
      const text = candidate.toLowerCase();
      const inside = wanted.length >= 3 && (text.startsWith(wanted) || wanted.startsWith(text));
      return {
        candidate,
        distance: inside ? 1 : slips(wanted, text),
        limit: Math.max(1, Math.floor(Math.max(wanted.length, text.length) / 3)),
      };
    })
    .filter(({ distance, limit }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `; did you mean "offices"?`, or nothing. */
export function suggestion(name: string, known: Iterable<string>): string {
  const near = nearestNames(name, known);
  return near.length === 0 ? '' : `; did you mean ${near.map((candidate) => JSON.stringify(candidate)).join(' or ')}?`;
}
