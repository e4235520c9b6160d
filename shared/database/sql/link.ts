/** Setting references that were written as NULL because their parent was not there yet (SEMANTICS 23). */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { SET_ASIDE } from './aside.ts';
import { leafKey } from './leaf.ts';
import type { WriteFacts } from './write.ts';

const LINKS = 'pg_temp.links';
/** How the reason ends of a row that was written without its reference. */
export const UNLINKED = '; the reference is NULL in the target';

/** A table between the statements, because a CTE would be taken for one row and joined row by row. */
export const createLinks = `CREATE TEMP TABLE IF NOT EXISTS links (legacy_key text COLLATE "C" PRIMARY KEY, legacy_id bigint, target_uuid uuid, target_key text COLLATE "C",
  parent_uuid uuid, parent_text text, untouched boolean NOT NULL, free boolean NOT NULL) ON COMMIT DELETE ROWS`;

/**
 * Finds up to `limit` rows whose parent is there now, and locks them. `free`: the reference is NULL still; where somebody
 * gave it a value meanwhile, his stays and is found as an edit. `untouched`: the row is as we wrote it.
 */
export function findLinks(
  entity: CompiledEntity,
  reference: CompiledReference,
  limit: number,
  operationNo: number,
): string {
  const parentKey =
    reference.parentOrder === 'integer' ? 'p.legacy_id = w.parent_key::bigint' : 'p.legacy_key = w.parent_key';
  const ownKey = entity.order === 'integer' ? 'w.legacy_key::bigint' : 'w.legacy_key';
  return `INSERT INTO ${LINKS} (legacy_key, legacy_id, target_uuid, target_key, parent_uuid, parent_text, untouched, free)
    SELECT w.legacy_key, ${entity.order === 'integer' ? 'w.legacy_key::bigint' : 'NULL'}, m.target_uuid, m.target_key, x.target_uuid, x.target_key, t.h IS NOT DISTINCT FROM m.target_hash, coalesce(t.free, false)
    FROM portage.pending_references w
    CROSS JOIN LATERAL (SELECT p.target_uuid, p.target_key FROM ${reference.parentLeaf} p WHERE ${parentKey} AND p.closed_by IS NULL) x
    CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key, m.target_hash FROM ${entity.leaf} m WHERE ${leafKey(entity)} = ${ownKey}) m
    LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h, t.${quoteIdentifier(reference.column)} IS NULL AS free FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')} FOR UPDATE) t ON true
    WHERE w.entity_id = ${entity.entityId} AND w.column_name = ${quoteLiteral(reference.column)} AND NOT ${refused(entity, operationNo, 'w')} ORDER BY w.legacy_key LIMIT ${limit}`;
}

/** True for a waiting reference that this operation tried to set, and the target refused. */
const refused = (entity: CompiledEntity, operationNo: number, row: string): string =>
  `EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = ${entity.entityId} AND a.legacy_key = ${row}.legacy_key AND a.operation_no = ${operationNo} AND a.code <> 'M003' AND a.reason LIKE '%${UNLINKED}')`;

/**
 * True for a waiting reference whose row this operation has found gone from the source: nobody can correct it there, so it is
 * no case for the list. It goes on waiting, because the target row is still there.
 */
const hasLeft = (entity: CompiledEntity, operationNo: number, row: string): string =>
  `(EXISTS (SELECT FROM portage.data_differentials d WHERE d.entity_id = ${entity.entityId} AND d.legacy_key = ${row}.legacy_key AND NOT d.resolved AND d.operation_no = ${operationNo}
       AND (d.comparison_type = 'deleted' OR (d.comparison_type = 'conflict' AND d.reason LIKE 'deleted in the source%')))
     OR EXISTS (SELECT FROM portage.vanished_rows v WHERE v.entity_id = ${entity.entityId} AND v.legacy_key = ${row}.legacy_key AND v.operation_no = ${operationNo})
     OR EXISTS (SELECT FROM ${entity.leaf} m WHERE ${leafKey(entity)} = ${entity.order === 'integer' ? `${row}.legacy_key::bigint` : `${row}.legacy_key`} AND m.closed_by IS NOT NULL))`;

/** Keys of the rows found. */
export const foundLinks = `SELECT l.legacy_key FROM ${LINKS} l`;

/**
 * Sets the references found, in order: the undo entry, the row, its base, and the end of the waiting. The base moves with
 * the write, except on a row that somebody edited: that edit must stay visible.
 */
export function setLinks(entity: CompiledEntity, reference: CompiledReference, facts: WriteFacts): readonly string[] {
  const value = reference.parentKey === 'uuid' ? 'l.parent_uuid' : `l.parent_text::${reference.type}`;
  const own = entity.order === 'integer' ? 'l.legacy_id' : 'l.legacy_key';
  const name = quoteIdentifier(reference.column);
  const position = entity.baseColumns.indexOf(reference.column) * 4 + 1;
  const row = `${LINKS} l CROSS JOIN LATERAL (SELECT ${entity.target.keyOfRow}::text AS key, ${entity.target.hash} AS h, ${reference.columnHash} AS ch, (t.${name})::text AS value FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('l')}) r`;
  const bases = `CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM ${entity.leaf} m WHERE ${leafKey(entity)} = ${own}) m`;
  return [
    `UPDATE ${entity.target.table} AS t SET ${name} = ${value} FROM ${LINKS} l WHERE l.free AND t.${name} IS NULL AND ${entity.target.matchesMapping('l')}`,
    `INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, linked, waiting, hash_after, source_hash, target_hash, source_columns, target_columns)
     SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', l.legacy_key, r.key, jsonb_build_object(${quoteLiteral(reference.column)}, NULL), jsonb_build_object(${quoteLiteral(reference.column)}, r.value), true,
       (SELECT jsonb_build_object(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name = ${quoteLiteral(reference.column)} AND p.legacy_key = l.legacy_key), r.h, m.source_hash, m.target_hash, m.source_columns, m.target_columns
     FROM ${row} ${bases} WHERE l.free`,
    `UPDATE ${entity.leaf} AS m SET target_hash = CASE WHEN l.untouched THEN r.h ELSE m.target_hash END,
       target_columns = nullif(overlay(coalesce(m.target_columns, m.source_columns) PLACING r.ch FROM ${position}), m.source_columns)
     FROM ${row} WHERE l.free AND ${leafKey(entity)} = ${own}`,
    `DELETE FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name = ${quoteLiteral(reference.column)} AND p.legacy_key = ANY (ARRAY(SELECT l.legacy_key FROM ${LINKS} l))`,
  ];
}

/** References that still lead nowhere when their parents are all there: the row stays with NULL, and is listed. */
export const setAsideUnlinked = (entity: CompiledEntity, operationNo: number, columns: readonly string[]): string =>
  `INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no)
   SELECT p.entity_id, p.legacy_key, 'M003', min(p.column_name), 'there is no parent ' || min(p.parent_key) || '${UNLINKED}', ${operationNo}
   FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns.map(quoteLiteral).join(', ')}) AND NOT ${refused(entity, operationNo, 'p')} AND NOT ${hasLeft(entity, operationNo, 'p')} GROUP BY p.entity_id, p.legacy_key
   ${SET_ASIDE}`;

/** A row listed for an unlinked reference leaves the list when the reference is set. */
export const clearLinked = (entity: CompiledEntity): string =>
  `UPDATE portage.set_aside_rows a SET state = 'written', last_seen = now()
   WHERE a.entity_id = ${entity.entityId} AND a.state = 'open' AND a.reason LIKE '%${UNLINKED}'
     AND NOT EXISTS (SELECT FROM portage.pending_references p WHERE p.entity_id = a.entity_id AND p.legacy_key = a.legacy_key)`;
