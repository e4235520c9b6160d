/**
 * Mending mappings. `mapping_faults` holds the faulty ones and, where a row that one of them wants is held by another, that
 * other too, until nobody outside is concerned. Then each gets what it is to name, as far as no two end up with one row:
 * the row that bears its identity, else the key that its derivation gives.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { FAULTS, resolvedReferences, typedKey } from './mappings.ts';
import { stage } from './scratch.ts';
import type { WriteFacts } from './write.ts';

const keyOf = (entity: CompiledEntity, text: string): string =>
  entity.order === 'integer' ? `(${text})::bigint` : text;

/** What each is to name; null where it stays. */
export const choose = (entity: CompiledEntity): readonly string[] => [
  `UPDATE ${FAULTS} SET want = CASE WHEN bears AND there THEN NULL ELSE found_key END`,
  // A key whose row is another's has none of its own: it is freed for the owner by its derivation, which is nobody else's.
  `UPDATE ${FAULTS} u SET want = u.derived WHERE u.want IS NULL AND u.mapped IS NOT NULL AND NOT (u.there AND u.bears) AND u.found = 0 AND u.derived IS NOT NULL AND u.derived <> u.mapped
     AND (NOT u.there OR u.shared OR EXISTS (SELECT FROM ${FAULTS} x WHERE x.want = u.mapped AND x.legacy_key <> u.legacy_key))
     AND NOT EXISTS (SELECT FROM ${entity.leaf} o WHERE o.${targetKeyColumn(entity)} = ${typedKey(entity, 'u.derived')} AND o.closed_by IS NULL)
     AND ${entity.target.matchesIdentity === null ? `EXISTS` : `NOT EXISTS`} (SELECT FROM ${entity.target.table} t WHERE ${entity.target.keyOfRow} = ${typedKey(entity, 'u.derived')})`,
];

/** Holders outside of the list of rows that somebody in it wants. */
export const holdersOutside = (entity: CompiledEntity): string =>
  `SELECT DISTINCT ${leafKey(entity, 'o')}::text AS key FROM ${FAULTS} u JOIN ${entity.leaf} o ON o.${targetKeyColumn(entity)} = ${typedKey(entity, 'u.found_key')} AND o.closed_by IS NULL
   WHERE u.found_key IS NOT NULL AND NOT (u.there AND u.bears) AND NOT EXISTS (SELECT FROM ${FAULTS} x WHERE x.legacy_key = ${leafKey(entity, 'o')}::text) LIMIT 2000`;

/** Takes the wish from whoever would share a row; to be repeated until it takes none, since a holder that stays blocks the next. */
export const refuseShared = (entity: CompiledEntity): string =>
  `UPDATE ${FAULTS} u SET want = NULL WHERE u.want IS NOT NULL AND (
     EXISTS (SELECT FROM ${FAULTS} x WHERE x.want = u.want AND x.legacy_key <> u.legacy_key)
     OR EXISTS (SELECT FROM ${entity.leaf} o WHERE o.${targetKeyColumn(entity)} = ${typedKey(entity, 'u.want')} AND o.closed_by IS NULL AND ${leafKey(entity, 'o')}::text <> u.legacy_key
       AND NOT EXISTS (SELECT FROM ${FAULTS} x WHERE x.legacy_key = ${leafKey(entity, 'o')}::text AND x.want IS NOT NULL)))`;

/** $1: the entity has an identity. By it no row was found, and a mapping that names its derivation names a row that is not there. */
export const countWishes = `SELECT count(*) FILTER (WHERE x.mapped IS NULL AND x.want IS NOT NULL) AS mapped, count(*) FILTER (WHERE x.mapped IS NOT NULL AND x.want IS NOT NULL) AS remapped,
    count(*) FILTER (WHERE x.want IS NULL AND x.kind IS NOT NULL) AS kept, count(*) FILTER (WHERE x.want IS NOT NULL AND x.found = 0 AND $1::boolean) AS vacant FROM ${FAULTS} x`;

/** In key order, so that two batches cannot wait for each other. */
export const lockWanted = (entity: CompiledEntity): string =>
  `SELECT count(*) AS locked FROM (SELECT x.* FROM ${FAULTS} x WHERE x.want IS NOT NULL ORDER BY x.want) x
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.keyOfRow} = ${typedKey(entity, 'x.want')} FOR UPDATE) l`;

/** The staged row `g` and the target row `r` that a key is to name: its hashes, and whether the two are equal in every column. */
function rowNow(entity: CompiledEntity): string {
  const equal = entity.columns
    .filter((column) => !column.onInsertOnly)
    .map((column) => `${column.exactDesired} IS NOT DISTINCT FROM ${column.exactTarget}`);
  return `FROM ${FAULTS} x JOIN ${stage(entity)} g ON g.k = ${keyOf(entity, 'x.legacy_key')} CROSS JOIN LATERAL ${resolvedReferences(entity)}
    LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h, ${entity.target.columnHashes} AS ch, ${equal.length === 0 ? 'true' : equal.join(' AND ')} AS equal
      FROM ${entity.target.table} t WHERE ${entity.target.keyOfRow} = ${typedKey(entity, 'x.want')}) r ON true`;
}

const UNDO =
  'batch_no, entity_id, operation_no, action, legacy_key, target_key, key_before, hash_after, source_hash, target_hash, source_columns, target_columns';

/**
 * The writes, in order. A mapping that names another row from here on keeps bases that are that row's (somebody swapped the
 * names alone); else it gets new ones where both sides are equal, and none where they are not: the next run then records a
 * difference instead of writing over it.
 */
export function remap(entity: CompiledEntity, facts: WriteFacts): readonly string[] {
  const key = targetKeyColumn(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  const want = typedKey(entity, 'x.want');
  const kept = 'm.target_hash = r.h';
  const base = (own: string, fresh: string): string => `CASE WHEN ${kept} THEN ${own} WHEN r.equal THEN ${fresh} END`;
  return [
    `INSERT INTO portage.undo_log (${UNDO})
     SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', x.legacy_key, x.want, x.mapped, ${base('m.target_hash', 'r.h')}, m.source_hash, m.target_hash, m.source_columns, m.target_columns
     ${rowNow(entity)} JOIN ${entity.leaf} m ON ${leafKey(entity)} = g.k WHERE x.want IS NOT NULL AND x.mapped IS NOT NULL`,
    `UPDATE ${entity.leaf} AS m SET ${key} = ${typedKey(entity, 'n.want')}, source_hash = n.source_hash, target_hash = n.target_hash, source_columns = n.source_columns, target_columns = n.target_columns, origin = 'r'
     FROM (SELECT x.want, ${leafKey(entity)} AS k, ${base('m.source_hash', 'g.h')} AS source_hash, ${base('m.target_hash', 'r.h')} AS target_hash,
         ${base('m.source_columns', 'r.ch')} AS source_columns, ${base('m.target_columns', 'NULL')} AS target_columns
       ${rowNow(entity)} JOIN ${entity.leaf} m ON ${leafKey(entity)} = g.k WHERE x.want IS NOT NULL AND x.mapped IS NOT NULL) n
     WHERE ${leafKey(entity)} = n.k`,
    `WITH map AS (
       INSERT INTO ${entity.leaf} AS m (${legacy}, ${key}, entity_id, operation_no, origin, source_hash, target_hash, source_columns)
       SELECT g.k, ${want}, ${entity.entityId}, ${facts.operationNo}, 'r', CASE WHEN r.equal THEN g.h END, CASE WHEN r.equal THEN r.h END, CASE WHEN r.equal THEN r.ch END
       ${rowNow(entity)} WHERE x.want IS NOT NULL AND x.mapped IS NULL AND r.h IS NOT NULL
       RETURNING ${leafKey(entity)}::text AS k, m.${key}::text AS key, m.target_hash AS h)
     INSERT INTO portage.undo_log (${UNDO}) SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'adopt', k, key, NULL, h, NULL, NULL, NULL, NULL FROM map`,
  ];
}
