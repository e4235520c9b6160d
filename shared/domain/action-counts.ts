/** From the actions of a batch's work table to the counts that a user reads. Pure, so that a dry run counts alike. */

export interface RowCounts {
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly adopted: number;
  readonly kept: number;
  readonly conflicts: number;
  readonly parked: number;
  readonly setAside: number;
}

export const NOTHING: RowCounts = {
  read: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  adopted: 0,
  kept: 0,
  conflicts: 0,
  parked: 0,
  setAside: 0,
};

export interface ActionCount {
  readonly action: string;
  readonly inSource: boolean;
  readonly rows: number;
  /** Of these, how many lack a parent. */
  readonly waiting?: number;
}

type Counter = Exclude<keyof RowCounts, 'read' | 'unchanged'>;
/** An adopted row that differs is both adopted and an open conflict; one that a full run writes over is adopted and updated. */
const COUNTERS: Readonly<Record<string, readonly Counter[]>> = {
  insert: ['inserted'],
  again: ['inserted'],
  return: ['inserted'],
  update: ['updated'],
  adopt: ['adopted'],
  adopt_conflict: ['adopted', 'conflicts'],
  adopt_update: ['adopted', 'updated'],
  adopt_accept: ['adopted', 'kept'],
  adopted: ['conflicts'],
  conflict: ['conflicts'],
  no_base: ['conflicts'],
  reappeared: ['conflicts'],
  merge: ['updated'],
  accept: ['kept'],
  let_go: ['kept'],
  stay: ['kept'],
  kept: ['kept'],
  missing: ['kept'],
  deleted: ['kept'],
  delete: ['deleted'],
  mark: ['deleted'],
  referenced: ['conflicts'],
  refused: ['conflicts'],
  park: ['parked'],
  set_aside: ['setAside'],
};
const UNCHANGED = new Set(['rebase', 'none']);

/** @param read rows of the range in the source; those that no action names were equal to their bases. */
export function countsOf(read: number, actions: readonly ActionCount[]): RowCounts {
  const counts: Record<Counter, number> = {
    inserted: 0,
    updated: 0,
    deleted: 0,
    adopted: 0,
    kept: 0,
    conflicts: 0,
    parked: 0,
    setAside: 0,
  };
  let touched = 0;
  for (const { action, inSource, rows } of actions) {
    for (const counter of COUNTERS[action] ?? []) counts[counter] += rows;
    if (inSource && !UNCHANGED.has(action)) touched += rows;
  }
  return { read, ...counts, unchanged: read - touched };
}

export const addCounts = (a: RowCounts, b: RowCounts): RowCounts =>
  Object.fromEntries(
    (Object.keys(NOTHING) as (keyof RowCounts)[]).map((key) => [key, a[key] + b[key]]),
  ) as unknown as RowCounts;
