/** The key ranges in which an entity is looked through: gapless, so that no row is left out, and each short enough for one statement. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { slicesFrom } from '../../domain/slice.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { countRows } from '../sql/source.ts';
import { planSlices } from './descent.ts';

/** A second or two of work, and a few MB of temporary table. */
const RANGE_ROWS = 50_000;
/** Without a usable index every range reads the whole table once. */
const MOST_SCANS = 20;
/** The bounds stand in a state: of two keys of some dozen bytes this is a quarter of what one holds. */
const MOST_RANGES = 1000;

/** Where the ranges end; none: one range is all. */
export async function rangeBounds(source: Session, entity: CompiledEntity): Promise<readonly string[]> {
  return unhurried(source, async () => {
    const rows = Number((await source.one(countRows(entity)))['rows']);
    const most = entity.order === 'integer' && entity.keyIsUnique ? MOST_RANGES : MOST_SCANS;
    const size = Math.max(RANGE_ROWS, Math.ceil(rows / most));
    if (rows <= size) return [];
    const slices = await planSlices(source, entity, size, rows, slicesFrom);
    return slices.flatMap(({ to }) => (to === null ? [] : [to]));
  });
}

export const rangeAt = (bounds: readonly string[], i: number): KeyRange => ({
  from: i === 0 ? null : (bounds[i - 1] ?? null),
  to: bounds[i] ?? null,
});

export interface Unreadable {
  /** What stands for the row: its key. */
  readonly key: string;
  readonly error: DataError;
}

/** The key in the middle of a range, that ends its first half; null where the range holds one key or none. */
async function middleOf(source: Session, entity: CompiledEntity, range: KeyRange): Promise<string | null> {
  const key = entity.source.key;
  const conditions = allOf([...entity.source.where, ...inRange(entity.order, key, range)]);
  const row = await source.one<{ middle: string | null; last: string | null }>(
    `SELECT (percentile_disc(0.5) WITHIN GROUP (ORDER BY x.k))::text AS middle, (percentile_disc(1) WITHIN GROUP (ORDER BY x.k))::text AS last FROM (SELECT DISTINCT ${key} AS k FROM ${entity.source.from} WHERE ${conditions}) x`,
  );
  if (row.middle !== null && row.middle !== row.last) return row.middle;
  return null;
}

const firstOf = async (source: Session, entity: CompiledEntity, range: KeyRange): Promise<string> => {
  const key = entity.source.key;
  const conditions = allOf([...entity.source.where, ...inRange(entity.order, key, range)]);
  const { first } = await source.one<{ first: string | null }>(
    `SELECT (min(x.k))::text AS first FROM (SELECT ${key} AS k FROM ${entity.source.from} WHERE ${conditions}) x`,
  );
  return first ?? '';
};

/**
 * Reads a range; where a row keeps it from being read, its halves, until that row stands alone. A bad row costs twice the
 * range and a few small looks; the search ends after `most` of them.
 * @returns the ranges that nobody read, because the search had to end
 */
export async function readBisecting(
  source: Session,
  entity: CompiledEntity,
  range: KeyRange,
  read: (range: KeyRange) => Promise<void>,
  unreadable: (bad: Unreadable) => void,
  goesOn: () => boolean,
): Promise<readonly KeyRange[]> {
  const waiting: KeyRange[] = [range];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    try {
      await read(next);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const middle = await middleOf(source, entity, next);
      if (middle === null) unreadable({ key: await firstOf(source, entity, next), error });
      else waiting.push({ from: middle, to: next.to }, { from: next.from, to: middle });
    }
    if (!goesOn()) return waiting;
  }
  return [];
}
