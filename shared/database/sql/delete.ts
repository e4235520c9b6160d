/**
 * One batch of deletions (SEMANTICS 14, 17, 29), decided in the work table like any other:
 *
 * 1. `takeLeaving`: rows come off the list and into the work table, as `delete`, or as `mark` where the map marks them.
 * 2. `lockLeaving`, in key order. A row that is locked FOR UPDATE can be referred to by nobody new: whoever inserts a
 *    reference to it takes FOR KEY SHARE on it, and waits.
 * 3. `judgeLeaving`: gone in the target as well, edited there, or as we wrote it.
 * 4. `demoteReferred`, for every foreign key that leads to the table: a row stays to which a row refers that does not go
 *    with it. Repeated until no row changes, because rows that stay keep others.
 * 5. Undo entries with the whole row; then one statement deletes from all tables of the group, since the foreign keys are
 *    checked at its end and so find nobody left: no ON DELETE of the target ever has anything to do.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { belongsToAnother } from './decide.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { work } from './scratch.ts';
import { leaving, referredColumns, refersTo } from './vanished.ts';
import { waitingBefore, type WriteFacts } from './write.ts';

/** So many of the rows that refer to one are named. */
const SHOWN = 3;

const ownAction = (entity: CompiledEntity): 'delete' | 'mark' => (entity.target.mark === null ? 'delete' : 'mark');
const leafKeyOf = (entity: CompiledEntity, text: string): string =>
  entity.order === 'integer' ? `${text}::bigint` : text;

/** Step 1. What another worker took off the list meanwhile is not there. */
export const takeLeaving = (entity: CompiledEntity): string =>
  `WITH taken AS (
      DELETE FROM portage.vanished_rows v WHERE v.entity_id = ${entity.entityId} AND v.legacy_key = ANY (ARRAY(SELECT l.k::text FROM ${leaving(entity)} l)) RETURNING v.legacy_key, v.despite
    )
    INSERT INTO ${work(entity)} (k, action, known, in_source, source_changed, based, target_uuid, target_key, despite)
    SELECT m.k, '${ownAction(entity)}', true, false, true, true, m.target_uuid, m.target_key, taken.despite
    FROM taken CROSS JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.target_uuid, m.target_key FROM ${entity.leaf} m
      WHERE ${leafKey(entity)} = ${leafKeyOf(entity, 'taken.legacy_key')} AND m.closed_by IS NULL OFFSET 0) m`;

/** Step 2. */
export const lockLeaving = (entity: CompiledEntity): string =>
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`;

/** Step 3. A row without a base was never known to be as we wrote it; one that was edited goes where just that edit was decided on. */
export const judgeLeaving = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} u SET target_state = x.state, action = CASE x.state WHEN 'absent' THEN 'close' WHEN 'changed' THEN 'conflict' ELSE u.action END
   FROM (SELECT w.ctid AS place, CASE WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash AND t.h IS DISTINCT FROM w.despite THEN 'changed' ELSE 'same' END AS state
     FROM ${work(entity)} w CROSS JOIN LATERAL (SELECT m.target_hash FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m
     LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) t ON true) x
   WHERE u.ctid = x.place`;

/**
 * Step 4. @param children entities of the group whose rows are in the key's table
 * @param again rows that are kept already get no more reasons
 */
export function demoteReferred(
  entity: CompiledEntity,
  key: ReferencingKey,
  children: readonly CompiledEntity[],
  again: boolean,
): string {
  const goesToo = children.map(
    (child) =>
      `NOT EXISTS (SELECT FROM ${work(child)} x WHERE x.action = 'delete' AND x.${targetKeyColumn(child)} = ${child.target.keyOfRow})`,
  );
  const shown = key.shownKey === null ? 'NULL::text' : `t.${quoteIdentifier(key.shownKey)}::text`;
  const name = quoteLiteral(`${key.schema}.${key.table}`);
  return `UPDATE ${work(entity)} u SET action = 'referenced', code = concat_ws('; ', u.code, x.who)
   FROM (SELECT w.ctid AS place, ${name} || coalesce(' ' || r.keys, '') || ${quoteLiteral(` (${key.name})`)} AS who FROM ${work(entity)} w
     CROSS JOIN LATERAL (SELECT ${referredColumns(key)} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) p
     CROSS JOIN LATERAL (SELECT string_agg(c.key, ', ') AS keys FROM (SELECT ${shown} AS key FROM ${qualifiedName({ schema: key.schema, name: key.table })} t
       WHERE ${[refersTo(key, 'p'), ...goesToo].join(' AND ')} LIMIT ${SHOWN}) c HAVING count(*) > 0) r
     WHERE w.action ${again ? "= 'delete'" : "IN ('delete', 'referenced')"}) x
   WHERE u.ctid = x.place`;
}

/** Step 5: what rows were, with the bases that they had. */
export const keepDeleted = (entity: CompiledEntity, facts: WriteFacts): string =>
  `INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns, waiting)
   SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'delete', w.k::text, w.${targetKeyColumn(entity)}::text, b.before, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns, ${waitingBefore(entity)}
   FROM ${work(entity)} w
   CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m
   CROSS JOIN LATERAL (SELECT ${entity.target.wholeRow} AS before FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) b WHERE w.action = 'delete'`;

/** Deletes from all tables of the group at once. Gives how many rows went. */
export function deleteRows(group: readonly CompiledEntity[]): string {
  const each = group.map(
    (entity, i) =>
      `d${i} AS (DELETE FROM ${entity.target.table} AS t USING ${work(entity)} w WHERE w.action = 'delete' AND ${entity.target.matchesMapping('w')} RETURNING 1)`,
  );
  return `WITH ${each.join(', ')} SELECT ${group.map((_, i) => `(SELECT count(*) FROM d${i})`).join(' + ')} AS rows`;
}

/** Rows that are only marked: what the mark was, which is NULL. As our write leaves it the row has no hash: it counts as absent. */
export const keepUnmarked = (entity: CompiledEntity, facts: WriteFacts): string =>
  `INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, waiting, source_hash, target_hash, source_columns, target_columns)
   SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', w.k::text, w.${targetKeyColumn(entity)}::text, jsonb_build_object(${quoteLiteral(entity.target.mark?.column ?? '')}, NULL),
     jsonb_build_object(${quoteLiteral(entity.target.mark?.column ?? '')}, ${moment(entity.target.mark ?? { type: 'text' }, String(facts.operationNo))}::text), NULL, ${waitingBefore(entity)}, m.source_hash, m.target_hash, m.source_columns, m.target_columns
   FROM ${work(entity)} w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m
   WHERE w.action = 'mark'`;

/** When the operation began, in the type of the mark: by it our own mark is known again. */
const moment = (mark: { readonly type: string }, operationNo: string): string =>
  `(SELECT o.started_at::${mark.type} FROM portage.operations o WHERE o.operation_no = ${operationNo})`;

/** Marks the rows with the moment at which the operation began. Gives how many. */
export const markRows = (entity: CompiledEntity, operationNo: number): string => {
  const mark = entity.target.mark ?? { column: '', type: '' };
  return `WITH marked AS (
      UPDATE ${entity.target.table} AS t SET ${quoteIdentifier(mark.column)} = ${moment(mark, String(operationNo))} FROM ${work(entity)} w WHERE w.action = 'mark' AND ${entity.target.matchesMapping('w')} RETURNING 1
    ) SELECT count(*) AS rows FROM marked`;
};

const LEFT = "('delete', 'mark', 'close')";

/** The mappings stay, closed: a key that comes back finds its UUID. */
export const closeLeft = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE ${entity.leaf} AS m SET closed_by = ${operationNo} FROM ${work(entity)} w WHERE w.action IN ${LEFT} AND ${leafKey(entity)} = w.k`;

/** Differences that a strategy settled by the deletion are settled now, with it: a rollback knows them by the moment. */
export const settleLeft = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE portage.data_differentials d SET resolved_at = now() FROM ${work(entity)} w
   WHERE w.action IN ${LEFT} AND w.despite IS NOT NULL AND d.entity_id = ${entity.entityId} AND d.legacy_key = w.k::text AND d.resolved AND d.resolved_by <> 'gone' AND d.operation_no = ${operationNo}`;

/** Nobody waits any more for what a deleted row was to refer to: one statement a reference, so that the key's index serves. */
export const dropWaiting = (entity: CompiledEntity): readonly string[] => {
  const keys = `legacy_key = ANY (ARRAY(SELECT w.k::text FROM ${work(entity)} w WHERE w.action IN ${LEFT}))`;
  return [
    ...entity.references.map(
      ({ column }) =>
        `DELETE FROM portage.pending_references WHERE entity_id = ${entity.entityId} AND column_name = ${quoteLiteral(column)} AND ${keys}`,
    ),
    `DELETE FROM portage.parked_rows WHERE entity_id = ${entity.entityId} AND ${keys}`,
  ];
};

/**
 * Rows that come back from a mark that is still ours, and are otherwise as we wrote them, are written again: `reappeared`
 * becomes `update`, which clears the mark (SEMANTICS 17). Locked first, in key order.
 */
export const reviveMarked = (entity: CompiledEntity): readonly string[] => {
  const { mark } = entity.target;
  if (mark === null) return [];
  const row = `FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}`;
  const column = `t.${quoteIdentifier(mark.column)}`;
  return [
    `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w WHERE w.action = 'reappeared' ORDER BY w.${targetKeyColumn(entity)}) w
     CROSS JOIN LATERAL (SELECT 1 ${row} FOR UPDATE) l`,
    reviveStatement(entity, column, row, moment(mark, 'm.closed_by')),
  ];
};

const reviveStatement = (entity: CompiledEntity, column: string, row: string, ours: string): string =>
  `UPDATE ${work(entity)} u SET action = 'update', target_state = 'same' FROM (SELECT w.ctid AS place FROM ${work(entity)} w
     CROSS JOIN LATERAL (SELECT m.target_hash, ${ours} AS mark FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m
     CROSS JOIN LATERAL (SELECT ${entity.target.hashOfRow} AS h, ${column} AS mark ${row}) t
     WHERE w.action = 'reappeared' AND w.missing IS NULL AND NOT ${belongsToAnother(entity)} AND t.h = m.target_hash AND (t.mark IS NULL OR t.mark = m.mark)) x
   WHERE u.ctid = x.place`;
