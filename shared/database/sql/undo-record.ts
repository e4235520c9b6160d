/** What a rollback records beside its writes: rows that it kept, references that wait again, findings that are open again or void. */
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { RestColumns } from '../catalog/read-rest.ts';
import { basedColumns, baseAt } from './align.ts';
import { targetKeyColumn } from './leaf.ts';
import { TABLES, undoTable, type UndoFacts, type UndoView } from './undo.ts';

/** Columns in which a kept row differs from what was written, where the bases or the entry can tell. */
export function nameDiffering(
  entity: CompiledEntity,
  relation: Relation,
  rest: RestColumns,
  view: UndoView = TABLES,
): string {
  const base = 'coalesce(m.target_columns, m.source_columns)';
  const byBase = basedColumns(entity).map(
    (column, i) => `CASE WHEN ${column.baseTarget} <> ${baseAt(base, i)} THEN ${quoteLiteral(column.column)} END`,
  );
  const byRest = rest.compared.map(
    (column) =>
      `CASE WHEN (w.kind = 'insert'${column.timed ? '' : ' OR w.linked'}) AND NOT (${column.same}) THEN ${quoteLiteral(column.column)} END`,
  );
  const byEntry = `ARRAY(SELECT c.name FROM jsonb_each(w.after) AS c (name, value) WHERE ${entity.target.wholeRow}->c.name IS DISTINCT FROM c.value)`;
  return `UPDATE ${undoTable(entity)} u SET columns = x.columns FROM (
     SELECT w.k, array_remove(CASE WHEN w.after IS NOT NULL AND w.linked IS NULL THEN ${byEntry}
       ELSE CASE WHEN m.target_hash = w.hash_after THEN ARRAY[${byBase.join(', ')}]::text[] ELSE '{}' END END || ARRAY[${byRest.join(', ')}]::text[], NULL) AS columns
     FROM ${undoTable(entity)} w ${view.mapping(entity)} CROSS JOIN LATERAL (SELECT t.* FROM ${view.row(entity, relation)}) t
     WHERE w.verdict IN ('edited', 'later operation') AND w.kind IN ('insert', 'update')) x WHERE u.k = x.k`;
}

/** Rows with a verdict are listed. */
export const keepRows = (entity: CompiledEntity, facts: UndoFacts, view: UndoView = TABLES): string =>
  `INSERT INTO ${view.kept} (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, columns, later_no, detail)
   SELECT ${facts.rollbackNo}, ${entity.entityId}, w.k::text, w.${targetKeyColumn(entity)}::text, ${facts.operationNo}, w.verdict, coalesce(w.columns, '{}'), CASE WHEN w.verdict IN ('later operation', 'deleted') THEN w.later_no END, w.detail
   FROM ${undoTable(entity)} w WHERE w.verdict IS NOT NULL ON CONFLICT DO NOTHING`;

const keys = (entity: CompiledEntity, condition: string): string =>
  `ANY (ARRAY(SELECT w.k::text FROM ${undoTable(entity)} w WHERE w.verdict IS NULL AND ${condition}))`;

/** When the transaction was that is taken back. */
const moments = (entity: CompiledEntity): string =>
  `ANY (ARRAY(SELECT DISTINCT w.written_at FROM ${undoTable(entity)} w))`;

/** References wait as they did before: of a row that a reference was set in, that one; of any other row all. */
export function restoreWaiting(entity: CompiledEntity, { rollbackNo }: UndoFacts): readonly string[] {
  if (entity.references.length === 0) return [];
  const columns = entity.references.map((reference) => quoteLiteral(reference.column)).join(', ');
  return [
    `DELETE FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns}) AND p.legacy_key = ${keys(entity, "w.kind <> 'none' AND w.linked IS NULL")}`,
    `DELETE FROM portage.pending_references p USING ${undoTable(entity)} w WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns}) AND w.verdict IS NULL AND w.linked AND p.legacy_key = w.k::text AND w.waiting ? p.column_name`,
    `INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
     SELECT ${entity.entityId}, c.name, w.k::text, c.parent, ${rollbackNo} FROM ${undoTable(entity)} w CROSS JOIN LATERAL jsonb_each_text(w.waiting) AS c (name, parent)
     WHERE w.verdict IS NULL AND w.waiting IS NOT NULL AND c.parent IS NOT NULL ON CONFLICT (entity_id, column_name, legacy_key) DO UPDATE SET parent_key = excluded.parent_key`,
  ];
}

/**
 * Findings about rows whose mapping is gone are void, and those that the transaction closed are open again: by the moment of
 * the transaction, which both have kept. The same for rows that were set aside before they were written.
 */
export const restoreFindings = (entity: CompiledEntity, facts: UndoFacts): readonly string[] => [
  `UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'rolled_back', resolved_at = now()
   WHERE d.entity_id = ${entity.entityId} AND NOT d.resolved AND d.operation_no = ${facts.operationNo} AND d.legacy_key = ${keys(entity, 'w.forget')}`,
  `UPDATE portage.data_differentials d SET resolved = false, resolved_by = NULL, resolved_at = NULL
   WHERE d.entity_id = ${entity.entityId} AND d.resolved AND d.resolved_at = ${moments(entity)} AND d.legacy_key = ${keys(entity, 'true')} AND d.resolved_by <> 'rolled_back'
     AND NOT EXISTS (SELECT FROM portage.data_differentials o WHERE o.entity_id = d.entity_id AND o.legacy_key = d.legacy_key AND o.comparison_type = d.comparison_type AND NOT o.resolved)`,
  `UPDATE portage.set_aside_rows a SET state = 'open'
   WHERE a.entity_id = ${entity.entityId} AND a.state = 'written' AND a.last_seen = ${moments(entity)} AND a.legacy_key = ${keys(entity, 'w.forget')}`,
];

/**
 * What was taken back, by what is done now. A change to a row that the same rollback takes out is not counted twice, and a
 * reference that waited is no change of its own. $1: numbers of the operations that are taken back.
 */
export const countUndone = (entity: CompiledEntity, view: UndoView = TABLES): string =>
  `SELECT count(*) AS read, count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'insert') AS deleted,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'update' AND w.linked IS NULL AND (m.origin IS DISTINCT FROM 'i' OR m.operation_no <> ALL ($1::int[]))) AS updated,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'delete') AS inserted, count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'none' AND w.forget) AS adopted,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'none' AND NOT w.forget) AS unchanged, count(*) FILTER (WHERE w.verdict IS NOT NULL) AS kept
   FROM ${undoTable(entity)} w ${view.mapping(entity)}`;
