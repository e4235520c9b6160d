/**
 * The writes of a batch (SEMANTICS 12, 28). Bases and undo entries are written first, with the hash that each row is going
 * to have; the write itself returns the sum of the hashes that its rows really have. Where the sums agree, and they do
 * unless a trigger changes a mapped column, that is all: no row that was returned is looked for again. Where they do not,
 * `takeReturned` reads the rows. No statement joins a CTE: the planner takes it for one row, and the plan goes quadratic
 * (measured: 60 s instead of 0.3 s for 64,000 rows). Rows are written in target key order.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { exactText } from '../../domain/value-types.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';

export interface WriteFacts {
  readonly operationNo: number;
  readonly batchNo: string;
}

/** Actions that write a target row: `again` has a mapping already, whose row is gone. */
export type RowWrite = 'insert' | 'again' | 'update';

const legacyColumn = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'legacy_id' : 'legacy_key');
const keyText = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'w.k::text' : 'w.k');

/** Actions that insert a row; to `return` is to come back to a mapping that stays as it is (sql/restore.ts). */
export type RowInsert = 'insert' | 'again' | 'return';

/** Work rows of an action with their staged rows. */
const rowsOf = (entity: CompiledEntity, ...actions: string[]): string =>
  `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action IN (${actions.map(quoteLiteral).join(', ')})`;

/** The target row that a work row or a mapping row stands for, as it is now. */
const targetNow = (entity: CompiledEntity, row: string): string =>
  `CROSS JOIN LATERAL (SELECT ${entity.target.keyOfRow} AS key, ${entity.target.hash} AS h, ${entity.target.columnHashes} AS ch FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping(row)}) r`;

/** Columns of an undo entry that hold the keys of inserted rows. */
export const undoArrays = (entity: CompiledEntity): { legacy: string; target: string } => ({
  legacy: entity.order === 'integer' ? 'legacy_ids' : 'legacy_keys',
  target: targetKeyColumn(entity) === 'target_uuid' ? 'target_uuids' : 'target_keys',
});

/** The target key that a row has once it is written: a natural key may change with it. */
const keyToBe = (entity: CompiledEntity): string => {
  const own = `w.${targetKeyColumn(entity)}`;
  return entity.target.keyDesired === null ? own : `coalesce(${entity.target.keyDesired}, ${own})`;
};

/** Mappings, bases and undo entries of rows to insert. Gives their number and the sum of their hashes. */
export function mapInserts(entity: CompiledEntity, facts: WriteFacts, action: 'insert' | 'again'): string {
  const key = targetKeyColumn(entity);
  const undo = undoArrays(entity);
  const own = keyToBe(entity);
  const map =
    action === 'insert'
      ? `INSERT INTO ${entity.leaf} AS m (${legacyColumn(entity)}, source_hash, target_hash, ${key}, entity_id, operation_no, origin, source_columns)
         SELECT w.k, g.h, ${entity.target.hashDesired}, w.${key}, ${entity.entityId}, ${facts.operationNo}, 'i', ${entity.target.columnHashesDesired} FROM ${rowsOf(entity, action)}`
      : `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = ${entity.target.hashDesired}, source_columns = ${entity.target.columnHashesDesired}, target_columns = NULL, closed_by = NULL, ${key} = ${own}
         FROM ${rowsOf(entity, action)} AND ${leafKey(entity)} = w.k`;
  // A mapping that is there already says something that an undo must give back.
  const before =
    action === 'insert'
      ? ''
      : `before AS (
      INSERT INTO portage.undo_log (${mappingColumns}, key_before)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', ${keyText(entity)}, ${own}::text, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, CASE WHEN m.${key} <> ${own} THEN m.${key}::text END
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${basesOf(entity)} WHERE w.action = 'again'
    ), `;
  return `WITH ${before}map AS (${map} RETURNING ${leafKey(entity)} AS k, m.${key} AS key, m.target_hash AS h
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, ${undo.legacy}, ${undo.target}, hashes)
      SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, array_agg(k), array_agg(key), array_agg(h) FROM map HAVING count(*) > 0
      ON CONFLICT (batch_no, entity_id, mapped) DO UPDATE SET ${[undo.legacy, undo.target, 'hashes'].map((a) => `${a} = undo_inserts.${a} || excluded.${a}`).join(', ')}
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map`;
}

/** The insert alone, for a target in which nothing changes a row on its way in. */
export function insertForeseen(entity: CompiledEntity, action: RowInsert): string {
  const columns = [
    ...(entity.target.surrogate ? [{ name: entity.target.key[0] ?? '', value: 'w.target_uuid' }] : []),
    ...entity.columns.map((c) => ({ name: c.column, value: c.desired })),
  ];
  const overriding = entity.target.alwaysIdentity.length > 0 ? 'OVERRIDING SYSTEM VALUE ' : '';
  return `INSERT INTO ${entity.target.table} AS t (${columns.map((c) => quoteIdentifier(c.name)).join(', ')}) ${overriding}
      SELECT ${columns.map((c) => c.value).join(', ')} FROM ${rowsOf(entity, action)} ORDER BY w.${targetKeyColumn(entity)}`;
}

/** Inserts the rows. Gives their number and the sum of their hashes as the database returned them. */
export const insertRows = (entity: CompiledEntity, action: RowInsert): string =>
  `WITH written AS (
      ${insertForeseen(entity, action)}
      RETURNING ${entity.target.hash} AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written`;

const undoColumns =
  'batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns';
/** Of an undo entry about a mapping alone. */
export const mappingColumns =
  'batch_no, entity_id, operation_no, action, legacy_key, target_key, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before';
const basesOf = (entity: CompiledEntity): string =>
  `CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, m.${targetKeyColumn(entity)} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k) m`;

/** References of a work row that wait before it is written; nothing is looked up while none of the entity waits. */
export const waitingBefore = (entity: CompiledEntity): string => {
  if (entity.references.length === 0) return 'NULL::jsonb';
  const columns = entity.references.map((reference) => quoteLiteral(reference.column)).join(', ');
  return `CASE WHEN EXISTS (SELECT FROM portage.pending_references x WHERE x.entity_id = ${entity.entityId})
      THEN (SELECT jsonb_object_agg(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns}) AND p.legacy_key = ${keyText(entity)}) END`;
};

/** Undo entries of rows to update: what they were, the bases that they had, and the hash that they are going to have. */
export function keepBefore(entity: CompiledEntity, facts: WriteFacts, action: 'update' | 'merge' = 'update'): string {
  const written = [
    ...updatable(entity).map((c) => [c.column, c.textTarget] as const),
    ...markOf(entity).map((column) => [column, exactText(`t.${quoteIdentifier(column)}`)] as const),
  ];
  const before = `jsonb_object(ARRAY[${written.map(([column]) => quoteLiteral(column)).join(', ')}], ARRAY[${written.map(([, text]) => text).join(', ')}])`;
  const own = `w.${targetKeyColumn(entity)}`;
  const moved =
    entity.target.keyDesired === null
      ? 'NULL'
      : `CASE WHEN ${entity.target.keyDesired} <> ${own} THEN ${own}::text END`;
  return `INSERT INTO portage.undo_log (${undoColumns}, closed_before, key_before, waiting)
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', ${keyText(entity)}, ${keyToBe(entity)}::text, b.before,
      ${entity.target.hashDesired}, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, ${moved}, ${waitingBefore(entity)}
    FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${basesOf(entity)}
    CROSS JOIN LATERAL (SELECT ${before} AS before FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) b WHERE w.action = '${action}'`;
}

const updatable = (entity: CompiledEntity): CompiledEntity['columns'] =>
  entity.columns.filter((c) => !c.onInsertOnly && !entity.target.alwaysIdentity.includes(c.column));

/** The column that an update clears: a row that is written is there again. */
const markOf = (entity: CompiledEntity): readonly string[] =>
  entity.target.mark === null ? [] : [entity.target.mark.column];

/** Updates the rows. Gives their number and the sum of their hashes as the database returned them. */
export const updateRows = (entity: CompiledEntity): string =>
  `WITH written AS (
      UPDATE ${entity.target.table} AS t SET ${[
        ...updatable(entity).map((c) => `${quoteIdentifier(c.column)} = ${c.desired}`),
        ...markOf(entity).map((column) => `${quoteIdentifier(column)} = NULL`),
      ].join(', ')}
      FROM ${rowsOf(entity, 'update')} AND ${entity.target.matchesMapping('w')}
      RETURNING ${entity.target.hash} AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written`;

/**
 * Takes unique values off the rows that are to be updated, so that they can swap them; null where none may be NULL between. Of
 * merged rows those that they do not keep.
 * @param more columns beside those of unique keys
 * @param referred columns to which foreign keys lead: these are not released
 */
export const releaseUnique = (
  entity: CompiledEntity,
  more: readonly string[],
  referred: ReadonlySet<string>,
  action: 'update' | 'merge' = 'update',
): string | null => {
  const columns = [...new Set([...entity.target.releasable, ...more])].filter((column) => !referred.has(column));
  const own = new Map(entity.columns.map((column) => [column.column, column]));
  // Of a row that keeps its value nobody else can want it.
  const released = (name: string): string => {
    const column = own.get(name);
    const kept = action === 'update' ? '' : ` OR ${quoteLiteral(name)} = ANY (w.kept)`;
    return `CASE WHEN ${column?.exactDesired ?? 'NULL'} IS NOT DISTINCT FROM ${column?.exactTarget ?? 'NULL'}${kept} THEN t.${quoteIdentifier(name)} END`;
  };
  return columns.length === 0
    ? null
    : `UPDATE ${entity.target.table} AS t SET ${columns.map((column) => `${quoteIdentifier(column)} = ${released(column)}`).join(', ')}
       FROM ${rowsOf(entity, action)} AND ${entity.target.matchesMapping('w')}`;
};

/** New bases of updated rows. Gives their number and the sum of their hashes. */
export const mapUpdates = (entity: CompiledEntity): string =>
  `WITH map AS (
      UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = ${entity.target.hashDesired}, source_columns = ${entity.target.columnHashesDesired}, target_columns = NULL, closed_by = NULL,
        ${targetKeyColumn(entity)} = ${keyToBe(entity)}
      FROM ${rowsOf(entity, 'update')} AND ${leafKey(entity)} = w.k RETURNING m.target_hash AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map`;

/** A natural key may have changed with its row: from here on the row is found under its new key. */
export const moveKeys = (entity: CompiledEntity, action: 'update' | 'merge' | 'again' = 'update'): string | null =>
  entity.target.keyDesired === null
    ? null
    : `UPDATE ${work(entity)} u SET ${targetKeyColumn(entity)} = x.key FROM (SELECT w.ctid AS place, ${entity.target.keyDesired} AS key FROM ${rowsOf(entity, action)}) x WHERE u.ctid = x.place`;

/** Keys that rows had which get another one. */
export const movedKeys = (entity: CompiledEntity, action: 'update' | 'merge' | 'again'): string | null => {
  const own = `w.${targetKeyColumn(entity)}`;
  return entity.target.keyDesired === null || entity.referring.length === 0
    ? null
    : `SELECT ${own}::text AS key FROM ${rowsOf(entity, action)} AND ${entity.target.keyDesired} <> ${own}`;
};

/**
 * $1: keys that are no longer what they were. Whose reference still holds one of them has to be looked at again, although
 * neither side has changed it: its base in the source is forgotten.
 */
export const forgetReferring = (entity: CompiledEntity): readonly string[] =>
  entity.referring.map(
    ({ leaf, table, value, matches }) =>
      `UPDATE ${leaf} AS m SET source_hash = NULL FROM ${table} AS t WHERE ${value} = ANY ($1::text[]) AND ${matches} AND m.source_hash IS NOT NULL`,
  );

/** Takes bases and undo hashes from the rows as they are, where a trigger or a cast changed what was sent. */
export function takeReturned(entity: CompiledEntity, facts: WriteFacts, action: RowWrite): readonly [string, string] {
  const undo = undoArrays(entity);
  const leaf = `UPDATE ${entity.leaf} AS m SET target_hash = r.h, target_columns = nullif(r.ch, m.source_columns) FROM ${work(entity)} w ${targetNow(entity, 'w')} WHERE w.action = '${action}' AND ${leafKey(entity)} = w.k`;
  const log =
    action === 'update'
      ? `UPDATE portage.undo_log u SET hash_after = m.target_hash FROM ${work(entity)} w ${basesOf(entity)} WHERE w.action = 'update' AND u.batch_no = ${facts.batchNo} AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.legacy_key = ${keyText(entity)}`
      : `UPDATE portage.undo_inserts u SET ${undo.legacy} = x.k, ${undo.target} = x.key, hashes = x.h
         FROM (SELECT array_agg(w.k) AS k, array_agg(w.${targetKeyColumn(entity)}) AS key, array_agg(m.target_hash) AS h FROM ${work(entity)} w ${basesOf(entity)} WHERE w.action IN ('insert', 'again')) x
         WHERE u.batch_no = ${facts.batchNo} AND u.entity_id = ${entity.entityId} AND NOT u.mapped`;
  return [leaf, log];
}

/** Adopts rows that somebody migrated before: a mapping alone; bases only where they are equal. */
export const adoptRows = (entity: CompiledEntity, facts: WriteFacts): string =>
  `WITH map AS (
      INSERT INTO ${entity.leaf} AS m (${legacyColumn(entity)}, source_hash, target_hash, ${targetKeyColumn(entity)}, entity_id, operation_no, origin, source_columns, target_columns)
      SELECT w.k, CASE WHEN w.action = 'adopt' THEN g.h END, CASE WHEN w.action = 'adopt' THEN r.h END, w.${targetKeyColumn(entity)}, ${entity.entityId}, ${facts.operationNo}, 'a', CASE WHEN w.action = 'adopt' THEN r.ch END, NULL
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${targetNow(entity, 'w')}
      WHERE w.action IN ('adopt', 'adopt_conflict', 'adopt_update', 'adopt_accept') RETURNING ${leafKey(entity)} AS k, m.${targetKeyColumn(entity)} AS key, m.target_hash AS h, m.source_hash AS s
    )
    INSERT INTO portage.undo_log (${undoColumns}, source_after)
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'adopt', k::text, key::text, NULL, h, NULL, NULL, NULL, NULL, s FROM map`;

/** New bases for rows that are equal on both sides, or changed on neither, after an undo entry with the old ones. */
export const rebaseRows = (entity: CompiledEntity, facts: WriteFacts): readonly string[] => [
  `INSERT INTO portage.undo_log (${mappingColumns}, source_after)
   SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', ${keyText(entity)}, w.${targetKeyColumn(entity)}::text, r.h, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, g.h
   FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${basesOf(entity)} ${targetNow(entity, 'w')} WHERE w.action = 'rebase'`,
  `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = r.h, source_columns = ${entity.target.columnHashesDesired}, target_columns = nullif(r.ch, ${entity.target.columnHashesDesired}), closed_by = NULL
   FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k ${targetNow(entity, 'w')} WHERE w.action = 'rebase' AND ${leafKey(entity)} = w.k`,
];

/** An undo entry for each mapping that is going to be closed. */
export const keepOpen = (entity: CompiledEntity, facts: WriteFacts): string =>
  `INSERT INTO portage.undo_log (${mappingColumns})
   SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', ${keyText(entity)}, w.${targetKeyColumn(entity)}::text, m.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by
   FROM ${work(entity)} w ${basesOf(entity)} WHERE w.action = 'close'`;

/** Rows that are gone on both sides. */
export const closeMappings = (entity: CompiledEntity, facts: WriteFacts): readonly string[] => [
  keepOpen(entity, facts),
  `UPDATE ${entity.leaf} AS m SET closed_by = ${facts.operationNo} FROM ${work(entity)} w WHERE w.action = 'close' AND ${leafKey(entity)} = w.k`,
];

/** References of written rows that were left NULL because the parent is not there yet. */
export const keepPendingReferences = (entity: CompiledEntity, facts: WriteFacts): string => {
  const parents = entity.references.map((r) => `WHEN ${quoteLiteral(r.column)} THEN g.${r.staged}::text`).join(' ');
  return `INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
    SELECT ${entity.entityId}, c.name, ${keyText(entity)}, CASE c.name ${parents} END, ${facts.operationNo} FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k CROSS JOIN unnest(w.missing) AS c (name)
    WHERE w.action IN ('insert', 'again', 'update') OR w.action = 'merge' AND c.name <> ALL (w.kept)
    ON CONFLICT (entity_id, column_name, legacy_key) DO UPDATE SET parent_key = excluded.parent_key, operation_no = excluded.operation_no`;
};

/** A row written with its reference resolved no longer waits for it: one statement a reference, so that the key's index serves. */
export const dropPendingReferences = (entity: CompiledEntity): readonly string[] =>
  entity.references.map(
    (
      reference,
    ) => `DELETE FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name = ${quoteLiteral(reference.column)}
     AND p.legacy_key = ANY (ARRAY(SELECT ${keyText(entity)} FROM ${work(entity)} w WHERE w.action IN ('update', 'again', 'merge') AND NOT coalesce(${quoteLiteral(reference.column)} = ANY (w.missing || w.kept), false)))`,
  );
