/**
 * A difference is looked at again before it is believed, because the two sides were read at two moments while others may
 * write to both.
 *
 * - What both sides have alike at one look is no difference.
 * - What neither side changed since it was seen, on databases that are at rest, is one.
 * - Where somebody writes, a row has time until the window ends. A side that shows what the other showed within the window is
 *   on its way and passes, as long as the source went on to something else only lately; a source that stood still long
 *   enough has a target that is wrong.
 * - A row that never stands still is decided in the end by what stood still in it: it goes to the comparison by column,
 *   which knows what each column showed (`hot`).
 */
import { sourceRowsOf, targetRowsOf } from '../sql/validate/sums.ts';
import { pair, readBoth } from './descent.ts';
import type { Suspect, Viewer } from './look.ts';

/** Between two looks at rows that move. */
const BETWEEN_MS = 250;
/** Keys of one look. */
const MOST_KEYS = 5_000;

interface Watched {
  readonly vk: string;
  /** Every legacy key that it was seen under, and those of the last look. */
  readonly keys: Set<string>;
  now: readonly string[];
  readonly seenInSource: Set<string | null>;
  source: string | null;
  target: string | null;
  sourceMovedAt: number;
  moved: boolean;
}

export interface Settled {
  /** Differences to believe. */
  readonly real: readonly Suspect[];
  /** Some row changed while it was looked at. */
  readonly moved: boolean;
}

const chunked = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** Both sides of these rows as they are now; equal ones too. */
async function lookAgain(viewer: Viewer, rows: readonly Watched[]): Promise<ReadonlyMap<string, Suspect>> {
  const { source, target, entity, look } = viewer;
  const now = new Map<string, Suspect>();
  for (const some of chunked(rows, MOST_KEYS)) {
    const keys = [...new Set(some.flatMap((row) => [...row.keys]))];
    // Of a row that the source did not have the legacy key is not known, unless it is what pairs.
    if (entity.verify.via !== 'identity') for (const { vk } of some) if (!keys.includes(vk)) keys.push(vk);
    const [ofSource, ofTarget] = await readBoth(
      source,
      keys.length === 0 ? 'SELECT WHERE false' : sourceRowsOf(entity, look, keys),
      target,
      targetRowsOf(
        entity,
        look,
        some.map(({ vk }) => vk),
      ),
    );
    for (const suspect of pair(ofSource, ofTarget)) now.set(suspect.vk, suspect);
  }
  return now;
}

/** @param busy somebody writes to one of the tables: nothing is believed before the window has passed */
export async function settle(viewer: Viewer, suspects: readonly Suspect[], busy: boolean): Promise<Settled> {
  const begun = performance.now();
  const ends = begun + viewer.settleMs;
  let watched = suspects.map(({ vk, keys, source, target }): Watched => ({
    vk,
    keys: new Set(keys),
    now: keys,
    seenInSource: new Set([source]),
    source,
    target,
    sourceMovedAt: begun,
    moved: false,
  }));
  let moving = busy;
  for (let look = 0; watched.length > 0; look++) {
    if (look > 0) await viewer.pause(BETWEEN_MS);
    const now = await lookAgain(viewer, watched);
    const at = performance.now();
    watched = watched.filter((row) => now.has(row.vk));
    for (const row of watched) observe(row, now.get(row.vk), at);
    moving ||= watched.length < suspects.length || watched.some(({ moved }) => moved);
    if (!moving || at >= ends) break;
  }
  const judged = performance.now();
  const real = watched.filter((row) => !isOnItsWay(row, judged, viewer.settleMs));
  return {
    real: real.map(({ vk, now, source, target }) => ({ vk, keys: now, source, target })),
    moved: moving,
  };
}

function observe(row: Watched, now: Suspect | undefined, at: number): void {
  if (now === undefined) return;
  for (const key of now.keys) row.keys.add(key);
  row.now = now.keys;
  if (now.source !== row.source) {
    row.sourceMovedAt = at;
    row.moved = true;
  }
  if (now.target !== row.target) row.moved = true;
  row.seenInSource.add(now.source);
  row.source = now.source;
  row.target = now.target;
}

/** The target shows what the source showed, and the source has gone on from there only lately. */
const isOnItsWay = (row: Watched, at: number, windowMs: number): boolean =>
  row.moved && at - row.sourceMovedAt < windowMs / 2 && row.seenInSource.has(row.target);
