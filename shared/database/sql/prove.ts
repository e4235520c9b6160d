/** The key sets of both sides against each other: the source's keys are staged on the target, and each must be accounted for. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { leafKey } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';

const KEYS = 'pg_temp.portage_keys';

/** How a key of the source is accounted for; the last two are not. */
export const KEY_CLASSES = ['mapped', 'setAside', 'parked', 'recorded', 'withoutBase', 'missing'] as const;
export type KeyClass = (typeof KEY_CLASSES)[number];

export const createKeys = (entity: CompiledEntity): string =>
  `DROP TABLE IF EXISTS ${KEYS}; CREATE TEMPORARY TABLE portage_keys (k ${entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"'})`;

export const emptyKeys = `TRUNCATE ${KEYS}`;
export const keysIn = `COPY ${KEYS} FROM STDIN`;
/** Without statistics the planner takes the keys for a handful. */
export const analyzeKeys = `ANALYZE ${KEYS}`;
export const lastKey = `SELECT max(k)::text AS last FROM ${KEYS}`;

/** Each key of the range once, in order; no more than `limit`. */
export function keysOut(entity: CompiledEntity, range: KeyRange, limit: number | undefined): string {
  const key = entity.order === 'integer' ? `(${entity.source.key})::bigint` : entity.source.key;
  const rows = `FROM ${entity.source.from} WHERE ${allOf([...entity.source.where, ...inRange(entity.order, entity.source.key, range)])}`;
  const selected = entity.keyIsUnique ? `SELECT ${key} AS k ${rows}` : `SELECT DISTINCT ${key} AS k ${rows}`;
  return `COPY (${selected}${limit === undefined ? '' : ` ORDER BY ${entity.source.key} LIMIT ${limit}`}) TO STDOUT`;
}

/** An open differential says of a row without bases what it is: adopted and different, or appeared again. */
const classified = (entity: CompiledEntity): string =>
  `(SELECT k.k, CASE WHEN m.k IS NOT NULL AND m.closed_by IS NULL AND m.source_hash IS NOT NULL AND m.target_hash IS NOT NULL THEN 'mapped'
      WHEN EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = ${entity.entityId} AND a.legacy_key = k.k::text AND a.state <> 'written') THEN 'setAside'
      WHEN EXISTS (SELECT FROM portage.parked_rows p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = k.k::text) THEN 'parked'
      WHEN m.k IS NULL THEN 'missing'
      WHEN EXISTS (SELECT FROM portage.data_differentials d WHERE d.entity_id = ${entity.entityId} AND d.legacy_key = k.k::text AND NOT d.resolved) THEN 'recorded'
      WHEN m.closed_by IS NULL THEN 'withoutBase' ELSE 'missing' END AS class
    FROM ${KEYS} k LEFT JOIN (SELECT ${leafKey(entity)} AS k, m.closed_by, m.source_hash, m.target_hash FROM ${entity.leaf} m) m ON m.k = k.k) c`;

export const countClasses = (entity: CompiledEntity): string =>
  `SELECT c.class, count(*) AS keys FROM ${classified(entity)} GROUP BY c.class`;

/** The first `most` keys of each class that is not simply mapped. */
export const firstOfClasses = (entity: CompiledEntity, most: number): string =>
  `SELECT n.class, n.k::text AS key FROM (SELECT c.class, c.k, row_number() OVER (PARTITION BY c.class ORDER BY c.k) AS n FROM ${classified(entity)} WHERE c.class <> 'mapped') n
   WHERE n.n <= ${most} ORDER BY n.k`;
