/** Open differences that a person asks to settle: which are left, what of them is gone from the source, how they are closed. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey } from './leaf.ts';
import { gatherVanishedWhere } from './gather-vanished.ts';
import { findingType } from './record.ts';
import { work } from './scratch.ts';
import type { WriteFacts } from './write.ts';

const open = (entity: CompiledEntity): string =>
  `portage.data_differentials d WHERE d.entity_id = ${entity.entityId} AND NOT d.resolved`;

/** $1 comparison types, $2 one id or null, $3 how many: keys that this operation has not come to. */
export const openKeys = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT DISTINCT d.legacy_key FROM ${open(entity)} AND d.operation_no <> ${operationNo} AND d.comparison_type = ANY ($1::text[]) AND ($2::uuid IS NULL OR d.id = $2::uuid) ORDER BY d.legacy_key LIMIT $3`;

/** $1: keys. Mapped rows that the source no longer has. */
export const gatherVanishedKeys = (entity: CompiledEntity): string =>
  gatherVanishedWhere(entity, [`${leafKey(entity)} = ANY ($1::${entity.order === 'integer' ? 'bigint' : 'text'}[])`]);

/** $1 keys, $2 types: what this operation looked at and did not record again is gone. */
export const closeVanished = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE portage.data_differentials SET resolved = true, resolved_by = 'gone', resolved_at = now()
   WHERE entity_id = ${entity.entityId} AND NOT resolved AND operation_no <> ${operationNo} AND legacy_key = ANY ($1::text[]) AND comparison_type = ANY ($2::text[])`;

/** $1 key, $2 why the target refuses the row: it stays open, and this operation has come to it. */
export const refuseKey = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE portage.data_differentials SET operation_no = ${operationNo}, last_seen = now(), reason = split_part(reason, '; S005: ', 1) || '; S005: it cannot be written: ' || $2
   WHERE entity_id = ${entity.entityId} AND NOT resolved AND legacy_key = $1`;

/**
 * Values that a person gave, for rows whose difference was decided: after `accept` has set base_source, so that they count as
 * an edit of the target. In order: undo entries, the rows, the decision. $1: the values, a JSON object of texts.
 */
export function writeValues(
  entity: CompiledEntity,
  facts: WriteFacts,
  columns: readonly { readonly column: string; readonly type: string; readonly text: string }[],
): readonly string[] {
  const before = `jsonb_object(ARRAY[${columns.map(({ column }) => quoteLiteral(column)).join(', ')}], ARRAY[${columns.map(({ text }) => text).join(', ')}])`;
  const target = `${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}`;
  const now = `CROSS JOIN LATERAL (SELECT ${entity.target.keyOfRow}::text AS key, ${entity.target.hash} AS h FROM ${target}) r`;
  const sets = columns.map(
    ({ column, type }) => `${quoteIdentifier(column)} = ($1::jsonb ->> ${quoteLiteral(column)})::${type}`,
  );
  return [
    `INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns)
     SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', w.k::text, b.key, b.before, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns
     FROM ${work(entity)} w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m
     CROSS JOIN LATERAL (SELECT ${entity.target.keyOfRow}::text AS key, ${before} AS before FROM ${target}) b WHERE w.rule IS NOT NULL AND $1::jsonb IS NOT NULL`,
    `UPDATE ${entity.target.table} AS t SET ${sets.join(', ')} FROM ${work(entity)} w WHERE w.rule IS NOT NULL AND ${entity.target.matchesMapping('w')}`,
    `UPDATE portage.undo_log u SET hash_after = r.h, base_after = (SELECT m.target_hash FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k) FROM ${work(entity)} w ${now} WHERE w.rule IS NOT NULL AND u.batch_no = ${facts.batchNo} AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.legacy_key = w.k::text AND u.action = 'update' AND $1::jsonb IS NOT NULL`,
    `UPDATE portage.conflict_decisions SET chosen = 'custom', rule = 'custom', chosen_values = coalesce(chosen_values, '{}') || $1::jsonb WHERE batch_no = ${facts.batchNo} AND operation_no = ${facts.operationNo}`,
    `UPDATE portage.data_differentials d SET resolved_by = 'custom' FROM ${work(entity)} w WHERE w.rule IS NOT NULL AND d.entity_id = ${entity.entityId} AND d.legacy_key = w.k::text AND d.resolved AND d.resolved_at = now() AND $1::jsonb IS NOT NULL`,
  ];
}

/**
 * $1 a legacy key, $2 the values that a person gave, a JSON object of texts: the row's own values of the columns, and the given
 * ones as their types write them. No row where it is not in the target.
 */
export const givenValues = (
  entity: CompiledEntity,
  columns: readonly { readonly column: string; readonly type: string; readonly text: string }[],
): string =>
  `SELECT v.name, v.now, v.given FROM ${entity.leaf} m CROSS JOIN LATERAL (SELECT t.* FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')}) t
   CROSS JOIN LATERAL (VALUES ${columns.map(({ column, type, text }) => `(${quoteLiteral(column)}, ${text}, ($2::jsonb ->> ${quoteLiteral(column)})::${type}::text)`).join(', ')}) AS v (name, now, given)
   WHERE ${leafKey(entity)}::text = $1`;

/** $1 comparison types, $2 the key before, $3 how many, $4 one id or null: keys with an open difference. */
export const openAfter = (entity: CompiledEntity): string =>
  `SELECT DISTINCT d.legacy_key FROM ${open(entity)} AND d.comparison_type = ANY ($1::text[]) AND ($2::text IS NULL OR d.legacy_key > $2) AND ($4::uuid IS NULL OR d.id = $4::uuid) ORDER BY d.legacy_key LIMIT $3`;

/** $1 keys, $2 types. */
export const openOf = (entity: CompiledEntity): string =>
  `SELECT d.id, d.legacy_key, d.comparison_type FROM ${open(entity)} AND d.legacy_key = ANY ($1::text[]) AND d.comparison_type = ANY ($2::text[]) ORDER BY d.legacy_key`;

/** $1 keys, $2 types: after `settle` and with the differences recorded anew, what became of each, column by column. */
export const triedRows = (entity: CompiledEntity): string =>
  `SELECT d.id, d.legacy_key, d.comparison_type, w.rule, w.decided, w.code, (w.k IS NOT NULL)::text AS found,
     coalesce((SELECT json_agg(json_build_object('column', c, 'source', d.source_values ->> c, 'target', d.target_values ->> c,
       'result', CASE w.chosen WHEN 'source' THEN d.source_values ->> c WHEN 'merged' THEN CASE WHEN c = ANY (w.kept) THEN d.target_values ->> c ELSE d.source_values ->> c END ELSE d.target_values ->> c END)) FROM unnest(d.columns) AS c), '[]') AS columns
   FROM portage.data_differentials d LEFT JOIN ${work(entity)} w ON w.k::text = d.legacy_key AND ${findingType('w.action')} = d.comparison_type
   WHERE d.entity_id = ${entity.entityId} AND NOT d.resolved AND d.legacy_key = ANY ($1::text[]) AND d.comparison_type = ANY ($2::text[]) ORDER BY d.legacy_key`;
