/** The writes of a restore that are its own: mappings that come back, alone or with their rows, and undo entries of these. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';
import { undoArrays, type WriteFacts } from './write.ts';

/** Undo entries of rows that come back to their mappings. Gives their number and the sum of the hashes that they are going to have. */
export function keepReturning(entity: CompiledEntity, facts: WriteFacts): string {
  const undo = undoArrays(entity);
  return `WITH back AS (
      SELECT w.k, w.${targetKeyColumn(entity)} AS key, ${entity.target.hashDesired} AS h FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'return'
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, mapped, ${undo.legacy}, ${undo.target}, hashes)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, true, array_agg(k), array_agg(key), array_agg(h) FROM back HAVING count(*) > 0
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM back`;
}

/** The hashes that they have, where a trigger or a cast changed what was sent. */
export const takeReturning = (entity: CompiledEntity, facts: WriteFacts): string =>
  `UPDATE portage.undo_inserts u SET ${undoArrays(entity).legacy} = x.k, ${undoArrays(entity).target} = x.key, hashes = x.h
   FROM (SELECT array_agg(w.k) AS k, array_agg(w.${targetKeyColumn(entity)}) AS key, array_agg(r.h) AS h FROM ${work(entity)} w
     CROSS JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) r WHERE w.action = 'return') x
   WHERE u.batch_no = ${facts.batchNo} AND u.entity_id = ${entity.entityId} AND u.mapped`;

/** Mappings of rows that were gone already come back without a row; taken back, they go again. */
export function mapAlone(entity: CompiledEntity, facts: WriteFacts): string {
  const key = targetKeyColumn(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  return `WITH map AS (
      INSERT INTO ${entity.leaf} AS m (${legacy}, source_hash, target_hash, ${key}, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
      SELECT w.k, g.h, g.th, w.${key}, ${entity.entityId}, ${facts.operationNo}, CASE WHEN g.closed IS NOT NULL THEN ${facts.operationNo} END, g.origin, g.sc, g.tc
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'map' RETURNING ${leafKey(entity)} AS k, m.${key} AS key
    )
    INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key)
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'adopt', k::text, key::text FROM map`;
}

const RESTORED = "('insert', 'again', 'update', 'adopt', 'rebase')";

/**
 * The mapping of every row that came back, or was as it was, says again what it said: bases, origin, and what it waits for. Undo
 * entries say what base the mapping has now: it is not the row's own hash where the row was edited before the backup.
 */
export function restoreMappings(entity: CompiledEntity, { operationNo, batchNo }: WriteFacts): readonly string[] {
  const key = targetKeyColumn(entity);
  const set = `m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.origin, m.closed_by IS NOT NULL, m.${key}`;
  const rows = `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k`;
  return [
    `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = g.th, source_columns = g.sc, target_columns = g.tc, origin = g.origin, ${key} = w.${key},
       closed_by = CASE WHEN g.closed IS NOT NULL THEN coalesce(m.closed_by, ${operationNo}) END
     FROM ${rows} WHERE w.action IN ${RESTORED} AND ${leafKey(entity)} = w.k AND (${set}) IS DISTINCT FROM (g.h, g.th, g.sc, g.tc, g.origin, g.closed IS NOT NULL, w.${key})`,
    `UPDATE portage.undo_log u SET hash_after = CASE u.action WHEN 'update' THEN u.hash_after ELSE g.th END, base_after = CASE u.action WHEN 'update' THEN g.th END
     FROM ${rows} WHERE w.action IN ${RESTORED} AND u.batch_no = ${batchNo} AND u.operation_no = ${operationNo} AND u.entity_id = ${entity.entityId} AND u.legacy_key = w.k::text
       AND u.action IN ('update', 'remap', 'adopt') AND u.hash_after IS NOT NULL AND u.hash_after IS DISTINCT FROM g.th`,
    `DELETE FROM portage.pending_references p USING ${rows} WHERE w.action IN ${RESTORED} AND p.entity_id = ${entity.entityId} AND p.legacy_key = w.k::text AND coalesce((g.waiting::json)->>p.column_name <> p.parent_key, true)`,
    `INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
     SELECT ${entity.entityId}, x.key, w.k::text, x.value, ${operationNo} FROM ${rows} CROSS JOIN LATERAL json_each_text(g.waiting::json) x WHERE w.action IN ${RESTORED} AND g.waiting IS NOT NULL
     ON CONFLICT (entity_id, column_name, legacy_key) DO NOTHING`,
  ];
}
