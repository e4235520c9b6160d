/**
 * Rows of a range that differ from a base on either side, found by key: what the source has now as (key, hash), beside the
 * mappings and the target's rows. Only these are staged, so that changes cost what there is of them and not what lies between.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { leafKey, targetNow } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { keyType } from './scratch.ts';

const seen = (entity: CompiledEntity): string => `pg_temp.seen_${entity.entityId}`;

/** The keys that differ. */
const changed = (entity: CompiledEntity): string => `pg_temp.changed_${entity.entityId}`;

/** `seen`: in the source, rather than mapped and gone. */
export const createChanged = (entity: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS seen_${entity.entityId} (k ${keyType(entity)} NOT NULL, h bigint NOT NULL);
   CREATE TEMP TABLE IF NOT EXISTS changed_${entity.entityId} (k ${keyType(entity)} PRIMARY KEY, seen boolean NOT NULL)`;

export const emptyChanged = (entity: CompiledEntity): string => `TRUNCATE ${seen(entity)}, ${changed(entity)}`;

export const copyHashesIn = (entity: CompiledEntity): string =>
  `COPY ${seen(entity)} (k, h) FROM STDIN (FORMAT binary)`;

/**
 * The conditions are those under which `gather` looks at a row, and those under which a mapped row has vanished.
 * Answers how many rows differ, and how many of these the source has.
 * @param untouched the target's rows are known to equal their bases, and are not read
 */
export function findChanged(entity: CompiledEntity, range: KeyRange, untouched = false): string {
  const { join, hash } = targetNow(entity, range);
  const now = untouched ? '' : `, m.target_hash, ${hash} AS now`;
  const edited = untouched ? '' : ' OR m.now IS DISTINCT FROM m.target_hash';
  return `WITH found AS (
   INSERT INTO ${changed(entity)} (k, seen)
   SELECT coalesce(s.k, m.k), s.k IS NOT NULL
   FROM (SELECT ${leafKey(entity)} AS k, m.closed_by IS NOT NULL AS closed, m.source_hash${now} FROM ${entity.leaf} m${untouched ? '' : ` ${join}`}
     WHERE ${allOf(inRange(entity.order, leafKey(entity), range))}) m
   FULL JOIN ${seen(entity)} s ON s.k = m.k
   WHERE CASE WHEN m.k IS NULL THEN true WHEN s.k IS NULL THEN NOT m.closed ELSE m.closed OR s.h IS DISTINCT FROM m.source_hash${edited} END
   RETURNING seen) SELECT count(*) AS changed, count(*) FILTER (WHERE seen) AS present FROM found`;
}

/** Mappings of the keys that differ, as `m`. */
export const changedMappings = (entity: CompiledEntity): string =>
  `${changed(entity)} c CROSS JOIN LATERAL (SELECT m.* FROM ${entity.leaf} m WHERE ${leafKey(entity)} = c.k OFFSET 0) m`;

/** Rows of the source in the range that are as they were. */
export const countPassed = (entity: CompiledEntity, range: KeyRange): string =>
  `SELECT (SELECT count(*) FROM ${seen(entity)} s WHERE ${allOf(inRange(entity.order, 's.k', range))})
     - (SELECT count(*) FROM ${changed(entity)} c WHERE ${allOf(['c.seen', ...inRange(entity.order, 'c.k', range)])}) AS rows`;

export const nextChanged = (entity: CompiledEntity, range: KeyRange, limit: number): string =>
  `SELECT c.k::text AS key FROM ${changed(entity)} c WHERE ${allOf(inRange(entity.order, 'c.k', range))} ORDER BY c.k LIMIT ${limit}`;
