/**
 * Which of the rows that want unique values, or places that exclude each other, can be written at all (SEMANTICS 25). A value
 * goes to the first row in order that wants it, once whoever has it gives it up; a row that is refused gives up nothing.
 */

/** The row `key` wants what another has. */
export interface Claim {
  readonly key: string;
  /** The unique key or the constraint. */
  readonly name: string;
  /** Who has it: a row of the list that is to have another value, or null for one that stays. */
  readonly holder: string | null;
  /** Who has it, for the reason: a legacy key, or null for a row that stands for none. */
  readonly by: string | null;
}

/** Rows of the list of which one alone can be written, in order. */
export interface Rivals {
  readonly name: string;
  readonly keys: readonly string[];
}

export interface Refusal {
  readonly name: string;
  readonly by: string | null;
}

/** @param keys the list, in order */
export function refusedRows(
  keys: readonly string[],
  claims: readonly Claim[],
  rivals: readonly Rivals[],
): ReadonlyMap<string, Refusal> {
  const refused = new Map<string, Refusal>();
  const waiting = Map.groupBy(claims, (claim) => claim.holder ?? '');
  const contests = new Map<string, Rivals[]>();
  for (const contest of rivals)
    for (const key of contest.keys) contests.set(key, [...(contests.get(key) ?? []), contest]);
  const refuse = (first: string, because: Refusal): void => {
    const open: [string, Refusal][] = [[first, because]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [key, refusal] = next;
      if (refused.has(key)) continue;
      refused.set(key, refusal);
      // It keeps what it has.
      for (const { key: taker, name } of waiting.get(key) ?? []) open.push([taker, { name, by: key }]);
    }
  };
  for (const { key, name, holder, by } of claims) if (holder === null) refuse(key, { name, by });
  const winner = new Map<Rivals, string>();
  for (const key of keys) {
    const own = refused.has(key) ? [] : (contests.get(key) ?? []);
    const lost = own.find((contest) => {
      const first = winner.get(contest);
      return first !== undefined && !refused.has(first);
    });
    if (lost !== undefined) refuse(key, { name: lost.name, by: winner.get(lost) ?? null });
    else for (const contest of own) winner.set(contest, key);
  }
  return refused;
}
