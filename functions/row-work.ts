/** Looks through entities range by range until the time is up, and says how far it came: the next invocation goes on from there. */
import type { RowProgress } from '../shared/contracts/operation.ts';
import { rangeAt } from '../shared/database/engine/key-ranges.ts';
import type { KeyRange } from '../shared/database/sql/range.ts';

/** What is to be done with each of the entities. */
export interface RowWork<Found> {
  readonly entities: readonly string[];
  /** Where the ranges of the entity end, and what is found before the first. */
  begin(entity: string): Promise<{ readonly bounds: readonly string[]; readonly found: Found }>;
  range(entity: string, range: KeyRange, found: Found): Promise<Found>;
  /** After its last range. */
  end(entity: string, found: Found): Promise<Found>;
}

export const NOTHING_DONE: RowProgress = {
  item: 0,
  bounds: null,
  next: 0,
  found: {},
  operationId: null,
  claims: {},
};

export const isDone = <Found>(work: Pick<RowWork<Found>, 'entities'>, { item }: RowProgress): boolean =>
  item >= work.entities.length;

/** Goes on from `progress`; at least one range is looked through. What it found of each entity stands in the result. */
export async function workRows<Found>(
  work: RowWork<Found>,
  progress: RowProgress,
  timeIsUp: () => boolean,
): Promise<RowProgress> {
  let { item, bounds, next } = progress;
  const found: Record<string, Found> = { ...progress.found } as Record<string, Found>;
  for (; item < work.entities.length; item++, bounds = null, next = 0) {
    const entity = work.entities[item] ?? '';
    if (bounds === null) {
      const begun = await work.begin(entity);
      bounds = [...begun.bounds];
      found[entity] = begun.found;
    }
    while (next <= bounds.length) {
      found[entity] = await work.range(entity, rangeAt(bounds, next), found[entity] as Found);
      next++;
      if (timeIsUp()) return { ...progress, item, bounds, next, found };
    }
    found[entity] = await work.end(entity, found[entity] as Found);
  }
  return { ...progress, item, bounds: null, next: 0, found };
}
