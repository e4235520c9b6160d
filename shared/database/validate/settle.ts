/**
 * A difference is looked at again before it is believed, because the two sides were read at two moments while others may
 * write to both. On tables at rest it is believed at once; a row that moves has a window, and is then decided by what stands
 * still in it (shared/domain/moving-row.ts).
 */
import { areAlike, divergenceOf, movingRow, observe, type Image, type MovingRow } from '../../domain/moving-row.ts';
import { partColumns, sourcePartsOf, targetPartsOf } from '../sql/validate/parts.ts';
import { readBoth } from './descent.ts';
import type { Suspect, Viewer } from './look.ts';

/** Between two looks at rows that move: often at a few, of which none of what they show may be missed. */
const BETWEEN_MS = 250;
const BETWEEN_FEW_MS = 50;
const FEW_ROWS = 200;
/** Keys of one look. */
const MOST_KEYS = 5_000;
/** A server counts a session's writes up to a second after they were committed. */
const COUNTED_AFTER_MS = 1_100;

interface Watched {
  readonly suspect: Suspect;
  /** Every legacy key that it was seen under, and those of the last look. */
  readonly keys: Set<string>;
  now: readonly string[];
  readonly row: MovingRow;
}

export interface Settled {
  /** Differences to believe. */
  readonly real: readonly Suspect[];
  /** Some row changed while it was looked at. */
  readonly moved: boolean;
}

interface Seen {
  readonly keys: readonly string[];
  readonly source: Image;
  readonly target: Image;
}

const chunked = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** Rows of one side with a key, in parts; several rows cannot be told apart, and are one thing. */
const imageOf = (rows: readonly string[]): Image => {
  const [only, ...more] = rows;
  if (only === undefined) return ['absent'];
  return more.length > 0 ? [`${rows.length} rows: ${[...rows].sort().join('; ')}`] : ['present', ...only.split(' ')];
};

/** Both sides of these rows as they are now. */
async function lookAgain(viewer: Viewer, rows: readonly Watched[]): Promise<ReadonlyMap<string, Seen>> {
  const { source, target, entity, look } = viewer;
  const now = new Map<string, Seen>();
  for (const some of chunked(rows, MOST_KEYS)) {
    const keys = new Set(some.flatMap((row) => [...row.keys]));
    // Of a row that the source did not have the legacy key is not known, unless it is what pairs.
    if (entity.verify.via !== 'identity') for (const { suspect } of some) keys.add(suspect.vk);
    const pairing = some.map(({ suspect }) => suspect.vk);
    const [ofSource, ofTarget] = await readBoth(
      source,
      keys.size === 0 ? 'SELECT WHERE false' : sourcePartsOf(entity, look, [...keys]),
      target,
      targetPartsOf(entity, look, pairing),
    );
    for (const vk of pairing) {
      const own = ofSource.filter((row) => row['vk'] === vk);
      const there = ofTarget.filter((row) => row['vk'] === vk);
      now.set(vk, {
        keys: own.map((row) => row['k'] ?? ''),
        // No source row is broken.
        source: imageOf(own.map((row) => `false ${row['parts'] ?? ''}`)),
        target: imageOf(there.map((row) => `${row['broken'] ?? ''} ${row['parts'] ?? ''}`)),
      });
    }
  }
  return now;
}

/** Looks once at what is watched, and leaves out what is alike on both sides. */
async function lookOnce(viewer: Viewer, watched: readonly Watched[]): Promise<readonly Watched[]> {
  const now = await lookAgain(viewer, watched);
  const at = performance.now();
  return watched.filter((each) => {
    const seen = now.get(each.suspect.vk);
    if (seen === undefined || areAlike(seen.source, seen.target)) return false;
    for (const key of seen.keys) each.keys.add(key);
    each.now = seen.keys;
    observe(each.row, seen.source, seen.target, at);
    return true;
  });
}

/** What of the suspects is believed, after as many looks as that takes. */
export async function settle(viewer: Viewer, suspects: readonly Suspect[]): Promise<Settled> {
  const { settleMs: window, begunAt, isBusy, pause } = viewer;
  const begun = performance.now();
  const quietAt = begunAt + Math.min(COUNTED_AFTER_MS, window);
  let watched = await lookOnce(
    viewer,
    suspects.map((suspect) => ({ suspect, keys: new Set(suspect.keys), now: suspect.keys, row: movingRow() })),
  );
  // Writes that nobody has counted yet: another look when they must have been.
  if (watched.length > 0 && begun < quietAt) {
    await pause(quietAt - begun);
    watched = await lookOnce(viewer, watched);
  }
  const moving = (await isBusy()) || watched.some(({ row }) => row.moved);
  if (!moving) return { real: watched.map(({ suspect, now }) => ({ ...suspect, keys: now })), moved: false };
  while (watched.length > 0 && performance.now() < begun + window) {
    await pause(watched.length > FEW_ROWS ? BETWEEN_MS : BETWEEN_FEW_MS);
    watched = await lookOnce(viewer, watched);
  }
  return { real: watched.flatMap((each) => believed(viewer, each, performance.now())), moved: true };
}

/** What comes before the columns in an image: whether the row is there, and whether it is broken. */
const BEFORE_PARTS = 2;

function believed({ entity, look, settleMs }: Viewer, { suspect, now, row }: Watched, at: number): readonly Suspect[] {
  const divergence = divergenceOf(row, at, settleMs);
  if (divergence === null) return [];
  const columns = partColumns(entity, look);
  const differing = divergence.parts.map((place) => columns[place - BEFORE_PARTS] ?? null);
  // A part of no column in particular, such as a constant of the map, may be any: all of them are judged.
  const known = differing.flatMap((column) => (column === null ? [] : [column]));
  const only = { presence: divergence.presence, columns: known.length < differing.length ? null : known };
  return [{ ...suspect, keys: now, only }];
}
