/** Setting references that were written as NULL because their parent was not there yet (SEMANTICS 23). */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { columnHash } from '../../domain/compiled/column-hash.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey } from './leaf.ts';
import type { WriteFacts } from './write.ts';

/**
 * Sets one reference of up to `limit` rows whose parent is there now, in legacy key order, and forgets that they waited.
 * Only a reference that is NULL still is set; where somebody gave it a value meanwhile, his stays and is found as an edit.
 * The base of the row moves with the write, except on a row that somebody edited: that edit must stay visible.
 */
export function linkReferences(entity: CompiledEntity, reference: CompiledReference, facts: WriteFacts, limit: number): string {
  const column = `t.${quoteIdentifier(reference.column)}`;
  const compiled = entity.columns.find((c) => c.column === reference.column);
  const position = entity.baseColumns.indexOf(reference.column) * 4 + 1;
  const parentKey = reference.parentOrder === 'integer' ? 'p.legacy_id = w.parent_key::bigint' : 'p.legacy_key = w.parent_key';
  const value = reference.parentKey === 'uuid' ? 'p.target_uuid' : `p.target_key::${reference.type}`;
  const ownKey = entity.order === 'integer' ? 'w.legacy_key::bigint' : 'w.legacy_key';
  const overlay = `overlay(coalesce(old.target_columns, old.source_columns) PLACING ${columnHash(compiled?.textTarget ?? 'NULL', false)} FROM ${position})`;
  return `WITH waiting AS MATERIALIZED (
      SELECT w.legacy_key, m.target_uuid, m.target_key, m.source_hash, m.target_hash, m.source_columns, m.target_columns, x.value, t.h AS before_hash
      FROM portage.pending_references w
      CROSS JOIN LATERAL (SELECT ${value} AS value FROM ${reference.parentLeaf} p WHERE ${parentKey} AND p.closed_by IS NULL) x
      CROSS JOIN LATERAL (SELECT * FROM ${entity.leaf} m WHERE ${leafKey(entity)} = ${ownKey}) m
      LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')} FOR UPDATE) t ON true
      WHERE w.entity_id = ${entity.entityId} AND w.column_name = ${quoteLiteral(reference.column)} ORDER BY w.legacy_key LIMIT ${limit}
    ), upd AS (
      UPDATE ${entity.target.table} AS t SET ${quoteIdentifier(reference.column)} = old.value FROM waiting old
      WHERE ${column} IS NULL AND ${entity.target.matchesMapping('old')}
      RETURNING old.legacy_key, ${entity.target.hash} AS h, ${overlay} AS tc, old.before_hash IS NOT DISTINCT FROM old.target_hash AS untouched, ${entity.target.keyOfRow}::text AS key
    ), map AS (
      UPDATE ${entity.leaf} AS m SET target_hash = CASE WHEN w.untouched THEN w.h ELSE m.target_hash END, target_columns = nullif(w.tc, m.source_columns)
      FROM upd w WHERE ${leafKey(entity)} = ${ownKey}
    ), undo AS (
      INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', w.legacy_key, w.key, jsonb_build_object(${quoteLiteral(reference.column)}, NULL), w.h, old.source_hash, old.target_hash, old.source_columns, old.target_columns
      FROM upd w JOIN waiting old USING (legacy_key)
    ), gone AS (
      DELETE FROM portage.pending_references p USING waiting old
      WHERE p.entity_id = ${entity.entityId} AND p.column_name = ${quoteLiteral(reference.column)} AND p.legacy_key = old.legacy_key RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) AS seen, (SELECT count(*) FROM upd) AS linked`;
}

/** References that still lead nowhere when their parents are all there: the row stays with NULL, and is listed. */
export const setAsideUnlinked = (entity: CompiledEntity, operationNo: number, columns: readonly string[]): string =>
  `INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no)
   SELECT p.entity_id, p.legacy_key, 'M003', min(p.column_name), 'there is no parent ' || min(p.parent_key) || '; the reference is NULL in the target', ${operationNo}
   FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns.map(quoteLiteral).join(', ')}) GROUP BY p.entity_id, p.legacy_key
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason, operation_no = excluded.operation_no, last_seen = now(),
     state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END`;

/** A row listed for an unlinked reference leaves the list when the reference is set. */
export const clearLinked = (entity: CompiledEntity): string =>
  `UPDATE portage.set_aside_rows a SET state = 'written', last_seen = now()
   WHERE a.entity_id = ${entity.entityId} AND a.state = 'open' AND a.code = 'M003' AND a.reason LIKE '%the reference is NULL in the target'
     AND NOT EXISTS (SELECT FROM portage.pending_references p WHERE p.entity_id = a.entity_id AND p.legacy_key = a.legacy_key)`;

