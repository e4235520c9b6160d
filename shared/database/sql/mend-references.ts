/**
 * Setting references to the parent that the mapping proves. One batch: the rows are locked in key order and looked at again;
 * one that leads elsewhere by now than when it was found is left to the next look.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { BROKEN, parentColumn, type ReferenceSides } from './references.ts';
import type { WriteFacts } from './write.ts';

const MENDS = 'pg_temp.mends';
const ownKey = (child: CompiledEntity, text: string): string =>
  child.order === 'integer' ? `(${text})::bigint` : text;

export const createMends = `CREATE TEMP TABLE IF NOT EXISTS mends (legacy_key text COLLATE "C" PRIMARY KEY, target_uuid uuid, target_key text COLLATE "C", current text, expected text, untouched boolean NOT NULL) ON COMMIT DELETE ROWS`;

/** The next `limit` rows found, locked. `untouched`: the row is as we wrote it. */
export const lockMends = ({ child, reference, parent }: ReferenceSides, limit: number): string =>
  `INSERT INTO ${MENDS} (legacy_key, target_uuid, target_key, current, expected, untouched)
   SELECT x.legacy_key, x.target_uuid, x.target_key, x.current, x.expected, l.untouched FROM (
     SELECT b.legacy_key, b.current, b.expected, m.target_uuid, m.target_key, m.target_hash
     FROM (SELECT * FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(reference.column)} AND b.provable AND b.state = 'open' ORDER BY b.legacy_key LIMIT ${limit}) b
     CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key, m.target_hash FROM ${child.leaf} m WHERE ${leafKey(child)} = ${ownKey(child, 'b.legacy_key')} AND m.closed_by IS NULL) m
     ORDER BY m.${targetKeyColumn(child)}) x
   CROSS JOIN LATERAL (SELECT (t.${quoteIdentifier(reference.column)})::text COLLATE "C" AS current, ${child.target.hash} IS NOT DISTINCT FROM x.target_hash AS untouched
     FROM ${child.target.table} t WHERE ${child.target.matchesMapping('x')} FOR UPDATE) l
   WHERE l.current IS NOT DISTINCT FROM x.current
     AND (x.expected IS NULL OR EXISTS (SELECT FROM ${parent.target.table} t WHERE t.${parentColumn(parent)} = x.expected::${reference.type}${parent.target.keyCollation}))`;

/** Whatever became of them, they have had their turn. */
export const passMends = ({ reference }: ReferenceSides, limit: number): string =>
  `UPDATE ${BROKEN} SET state = CASE WHEN legacy_key IN (SELECT l.legacy_key FROM ${MENDS} l) THEN 'mended' ELSE 'moved' END
   WHERE column_name = ${quoteLiteral(reference.column)} AND legacy_key IN
     (SELECT b.legacy_key FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(reference.column)} AND b.provable AND b.state = 'open' ORDER BY b.legacy_key LIMIT ${limit})`;

/** The one row that is next, which the target refused. */
export const refuseMend = ({ reference }: ReferenceSides): string =>
  `UPDATE ${BROKEN} SET state = 'refused', reason = reason || '; ' || $1 WHERE column_name = ${quoteLiteral(reference.column)} AND legacy_key =
     (SELECT min(b.legacy_key) FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(reference.column)} AND b.provable AND b.state = 'open')`;

export const countMends = ({ reference }: ReferenceSides): string =>
  `SELECT count(*) FILTER (WHERE b.state = 'mended') AS mended, count(*) FILTER (WHERE b.state = 'refused') AS refused, count(*) FILTER (WHERE b.provable AND b.state = 'open') AS open
   FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(reference.column)}`;

/** Rows of the range that were mended in any reference. */
export const countMendedRows = `SELECT count(DISTINCT b.legacy_key) AS rows FROM ${BROKEN} b WHERE b.state = 'mended'`;

/**
 * The writes, in order: the row, its undo entry, its base, the end of the waiting, and the differentials that this was. The
 * base moves with the write of a row that nobody had touched; on one that somebody did touch, what else he did must stay
 * visible, and where the reference was all of it the row is as its base says again.
 */
export function writeMends({ child, reference }: ReferenceSides, facts: WriteFacts): readonly string[] {
  const name = quoteIdentifier(reference.column);
  const own = ownKey(child, 'l.legacy_key');
  const position = child.baseColumns.indexOf(reference.column) * 4 + 1;
  const row = `${MENDS} l CROSS JOIN LATERAL (SELECT ${child.target.keyOfRow}::text AS key, ${child.target.hash} AS h, ${reference.columnHash} AS ch FROM ${child.target.table} t WHERE ${child.target.matchesMapping('l')}) r`;
  const bases = `CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM ${child.leaf} m WHERE ${leafKey(child)} = ${own}) m`;
  // What waited before: of a reference that had waited that one, of any other row all (sql/undo-record.ts).
  const isOwn = `p.column_name = ${quoteLiteral(reference.column)}`;
  const waits = `CROSS JOIN LATERAL (SELECT bool_or(${isOwn}) AS own, CASE WHEN bool_or(${isOwn}) THEN jsonb_object_agg(p.column_name, p.parent_key) FILTER (WHERE ${isOwn}) ELSE jsonb_object_agg(p.column_name, p.parent_key) END AS waiting
     FROM (SELECT p.column_name, p.parent_key FROM portage.pending_references p WHERE p.entity_id = ${child.entityId} AND p.legacy_key = l.legacy_key) p) w`;
  const mended = `(SELECT l.legacy_key FROM ${MENDS} l)`;
  return [
    `UPDATE ${child.target.table} AS t SET ${name} = l.expected::${reference.type} FROM ${MENDS} l WHERE ${child.target.matchesMapping('l')}`,
    `INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, linked, waiting, hash_after, source_hash, target_hash, source_columns, target_columns)
     SELECT ${facts.batchNo}, ${child.entityId}, ${facts.operationNo}, 'update', l.legacy_key, r.key, jsonb_build_object(${quoteLiteral(reference.column)}, l.current), jsonb_build_object(${quoteLiteral(reference.column)}, l.expected),
       CASE WHEN w.own THEN true END, w.waiting, r.h, m.source_hash, m.target_hash, m.source_columns, m.target_columns
     FROM ${row} ${bases} ${waits}`,
    `UPDATE ${child.leaf} AS m SET target_hash = CASE WHEN l.untouched THEN r.h ELSE m.target_hash END,
       target_columns = nullif(overlay(coalesce(m.target_columns, m.source_columns) PLACING r.ch FROM ${position}), m.source_columns)
     FROM ${row} WHERE ${leafKey(child)} = ${own}`,
    `DELETE FROM portage.pending_references p WHERE p.entity_id = ${child.entityId} AND p.column_name = ${quoteLiteral(reference.column)} AND p.legacy_key IN ${mended}`,
    `UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'repair', resolved_at = now()
     WHERE d.entity_id = ${child.entityId} AND NOT d.resolved AND d.comparison_type IN ('orphan', 'wrong_parent') AND d.columns <@ ARRAY[${quoteLiteral(reference.column)}] AND d.legacy_key IN ${mended}`,
  ];
}
