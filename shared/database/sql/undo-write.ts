/**
 * The writes of a rollback: inserted rows go, changed ones get back what they were, deleted ones come back, and mappings with
 * them. Each has an undo entry of its own, so that a rollback can be taken back like any other operation (SEMANTICS 30).
 */
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { exactText } from '../../domain/value-types.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { losesReferred } from './rings.ts';
import { mappingOf, undoTable } from './undo.ts';
import { undoArrays } from './write.ts';

export interface OwnFacts {
  /** The rollback. */
  readonly operationNo: number;
  readonly batchNo: string;
}

const COLUMNS =
  'batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked';
const head = (entity: CompiledEntity, facts: OwnFacts, action: string): string =>
  `${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, ${action}, w.k::text`;

/** The mapping as it is now. */
const mapping = (entity: CompiledEntity): string =>
  `CROSS JOIN LATERAL (SELECT m.* FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m`;
const row = (entity: CompiledEntity): string =>
  `CROSS JOIN LATERAL (SELECT t.* FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) t`;
const taken = (kind: string): string => `w.kind = '${kind}' AND w.verdict IS NULL`;

/** References that wait now, of the row of the undo table: column -> legacy key of the parent. */
const waitingNow = (entity: CompiledEntity): string => {
  if (entity.references.length === 0) return 'NULL::jsonb';
  const columns = entity.references.map((reference) => quoteLiteral(reference.column)).join(', ');
  return `(SELECT jsonb_object_agg(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.column_name IN (${columns}) AND p.legacy_key = w.k::text)`;
};

/** Of the columns that are named in an object, what the row has in them. */
const partOf = (names: string, whole: string): string =>
  `(SELECT jsonb_object_agg(c.name, ${whole}->c.name) FROM jsonb_object_keys(${names}) AS c (name))`;

/** Undo entries of inserted rows that go, with what their mapping was. */
export const keepGoing = (entity: CompiledEntity, facts: OwnFacts): string =>
  `INSERT INTO portage.undo_log (${COLUMNS})
   SELECT ${head(entity, facts, "'delete'")}, w.${targetKeyColumn(entity)}::text, ${entity.target.wholeRow}, NULL, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns,
     m.closed_by, NULL, CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END, ${waitingNow(entity)}, NULL
   FROM ${undoTable(entity)} w ${row(entity)} ${mapping(entity)} WHERE ${taken('insert')}`;

/** Takes inserted rows out of all tables at once: foreign keys among them are checked at the end. Gives how many went. */
export function deleteInserted(entities: readonly CompiledEntity[]): string {
  const each = entities.map(
    (entity, i) =>
      `d${i} AS (DELETE FROM ${entity.target.table} AS t USING ${undoTable(entity)} w WHERE ${taken('insert')} AND ${entity.target.matchesMapping('w')} RETURNING 1)`,
  );
  return `WITH ${each.join(', ')} SELECT ${entities.map((_, i) => `(SELECT count(*) FROM d${i})`).join(' + ')} AS rows`;
}

/** Columns that an update may have written, with their types: those of the map, and the mark. */
const restorable = (entity: CompiledEntity, relation: Relation): readonly { name: string; type: string }[] => {
  const names = new Set([
    ...entity.columns.map((column) => column.column),
    ...(entity.target.mark === null ? [] : [entity.target.mark.column]),
  ]);
  return relation.columns.filter(
    ({ name, generated }) => names.has(name) && !generated && !entity.target.alwaysIdentity.includes(name),
  );
};

/** The value in an object of exact texts. */
const valueIn = (object: string, name: string, type: string): string => `(${object}->>${quoteLiteral(name)})::${type}`;

/** Over `w` and `t`: the column gets another value than it has. */
const comesBack = (name: string): string =>
  `w.before ? ${quoteLiteral(name)} AND w.before->>${quoteLiteral(name)} IS DISTINCT FROM ${exactText(`t.${quoteIdentifier(name)}`)}`;

/** Columns of unique keys that may be NULL for a moment, so that rows can swap their values. Null: there is none. */
export const releaseRestored = (entity: CompiledEntity, referred: ReadonlySet<string>): string | null => {
  const columns = entity.target.releasable.filter((column) => !referred.has(column));
  return columns.length === 0
    ? null
    : `UPDATE ${entity.target.table} AS t SET ${columns.map((column) => `${quoteIdentifier(column)} = CASE WHEN ${comesBack(column)} THEN NULL ELSE t.${quoteIdentifier(column)} END`).join(', ')}
       FROM ${undoTable(entity)} w WHERE ${taken('update')} AND ${entity.target.matchesMapping('w')}`;
};

/**
 * What rows that get back what they were are now: kept before the first of them is written, with what they are going to be,
 * which is what their base says.
 */
export function keepRestoring(entity: CompiledEntity, relation: Relation, facts: OwnFacts): string {
  const once = new Set(entity.columns.flatMap((column) => (column.onInsertOnly ? [column.column] : [])));
  const columns = restorable(entity, relation).filter(({ name }) => !once.has(name));
  const whole = `jsonb_object(ARRAY[${columns.map(({ name }) => quoteLiteral(name)).join(', ')}], ARRAY[${columns.map(({ name }) => exactText(`t.${quoteIdentifier(name)}`)).join(', ')}])`;
  const linked = `(SELECT jsonb_object_agg(c.name, p.parent_key) FROM jsonb_object_keys(w.waiting) AS c (name)
      LEFT JOIN portage.pending_references p ON p.entity_id = ${entity.entityId} AND p.column_name = c.name AND p.legacy_key = w.k::text)`;
  return `INSERT INTO portage.undo_log (${COLUMNS})
   SELECT ${head(entity, facts, "'update'")}, coalesce(w.key_before, w.${targetKeyColumn(entity)}::text), CASE WHEN w.after IS NULL THEN x.whole ELSE ${partOf('w.before', 'x.whole')} END, CASE WHEN w.after IS NOT NULL THEN w.before END, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns,
     m.closed_by, CASE WHEN w.key_before IS NOT NULL THEN w.${targetKeyColumn(entity)}::text END, CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END,
     CASE WHEN w.linked THEN ${linked} ELSE ${waitingNow(entity)} END, w.linked
   FROM ${undoTable(entity)} w ${row(entity)} CROSS JOIN LATERAL (SELECT ${whole} AS whole OFFSET 0) x ${mappingOf(entity)} WHERE ${taken('update')}`;
}

/** Gives changed rows back what they were. Gives how many. */
export function restoreRows(entity: CompiledEntity, relation: Relation): string {
  const columns = restorable(entity, relation).map(
    ({ name, type }) => `${quoteIdentifier(name)} = ${cameFrom(name, type)}`,
  );
  return `WITH written AS (UPDATE ${entity.target.table} AS t SET ${columns.join(', ')} FROM ${undoTable(entity)} w WHERE ${taken('update')} AND ${entity.target.matchesMapping('w')} RETURNING 1)
    SELECT count(*) AS rows FROM written`;
}

const cameFrom = (name: string, type: string): string =>
  `CASE WHEN w.before ? ${quoteLiteral(name)} THEN ${valueIn('w.before', name, type)} ELSE t.${quoteIdentifier(name)} END`;

/** The same by taking all of them out before the first is put in again (sql/rings.ts): no row stands in another's way. */
export function replaceRestored(entity: CompiledEntity, relation: Relation, columns: readonly string[]): string {
  const types = new Map(restorable(entity, relation).map(({ name, type }) => [name, type]));
  const values = columns.map((name, i) => {
    const type = types.get(name);
    return `${type === undefined ? `t.${quoteIdentifier(name)}` : cameFrom(name, type)} AS n${i}`;
  });
  return `WITH gone AS (
      DELETE FROM ${entity.target.table} AS t USING ${undoTable(entity)} w WHERE ${taken('update')} AND ${entity.target.matchesMapping('w')} RETURNING w.${targetKeyColumn(entity)} AS portage_key, ${values.join(', ')}
    ), written AS (
      INSERT INTO ${entity.target.table} (${columns.map(quoteIdentifier).join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${columns.map((_, i) => `x.n${i}`).join(', ')} FROM gone x ORDER BY x.portage_key RETURNING 1
    ) SELECT count(*) AS rows FROM written`;
}

/** Whether one of them is to lose a value to which a row refers by the foreign key; null where none of its columns comes back. */
export function givesBackReferred(entity: CompiledEntity, relation: Relation, key: ReferencingKey): string | null {
  const columns = restorable(entity, relation).filter(({ name }) => key.pairs.some(({ parent }) => parent === name));
  if (columns.length === 0) return null;
  return losesReferred(entity, key, {
    rows: `${undoTable(entity)} w`,
    condition: taken('update'),
    moves: columns.map(({ name }) => comesBack(name)),
  });
}

/** A natural key that was changed is the old one again: from here on the row is found under it. */
export const moveBack = (entity: CompiledEntity): string =>
  `UPDATE ${undoTable(entity)} w SET ${targetKeyColumn(entity)} = w.key_before${targetKeyColumn(entity) === 'target_uuid' ? '::uuid' : ''} WHERE ${taken('update')} AND w.key_before IS NOT NULL`;

/** Where the rows are something else, now that they are written: they had been edited before, or a trigger changed them. */
export const takeRestored = (entity: CompiledEntity, facts: OwnFacts): string =>
  `UPDATE portage.undo_log u SET hash_after = r.h, base_after = w.target_hash, after = CASE WHEN u.after IS NOT NULL THEN ${partOf('u.after', 'r.whole')} END
   FROM ${undoTable(entity)} w CROSS JOIN LATERAL (SELECT ${entity.target.hash} AS h, CASE WHEN w.after IS NOT NULL THEN ${entity.target.wholeRow} END AS whole FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) r
   WHERE ${taken('update')} AND (r.h IS DISTINCT FROM w.target_hash OR w.after IS NOT NULL AND NOT r.whole @> w.before) AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.batch_no = ${facts.batchNo} AND u.action = 'update' AND w.k = ${entity.order === 'integer' ? 'u.legacy_key::bigint' : 'u.legacy_key'}`;

/** Brings deleted rows back into all tables at once. Gives how many. */
export function insertDeleted(
  entities: readonly { entity: CompiledEntity; relation: Relation; columns: readonly string[] }[],
): string {
  const each = entities.map(({ entity, relation, columns }, i) => {
    const known = relation.columns.filter(({ name, generated }) => !generated && columns.includes(name));
    return `i${i} AS (INSERT INTO ${entity.target.table} (${known.map(({ name }) => quoteIdentifier(name)).join(', ')}) OVERRIDING SYSTEM VALUE
      SELECT ${known.map(({ name, type }) => valueIn('w.before', name, type)).join(', ')} FROM ${undoTable(entity)} w WHERE ${taken('delete')} ORDER BY w.${targetKeyColumn(entity)} RETURNING 1)`;
  });
  return `WITH ${each.join(', ')} SELECT ${entities.map((_, i) => `(SELECT count(*) FROM i${i})`).join(' + ')} AS rows`;
}

/** Columns that the deleted rows had. */
export const deletedColumns = (entity: CompiledEntity): string =>
  `SELECT DISTINCT c.name FROM ${undoTable(entity)} w CROSS JOIN LATERAL jsonb_object_keys(w.before) AS c (name) WHERE ${taken('delete')}`;

/** Undo entries of rows that came back, and of their mappings where these were there. */
export function keepReturned(entity: CompiledEntity, facts: OwnFacts): readonly string[] {
  const undo = undoArrays(entity);
  return [
    `INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, ${undo.legacy}, ${undo.target}, hashes)
     SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, array_agg(w.k), array_agg(w.${targetKeyColumn(entity)}), array_agg(r.h)
     FROM ${undoTable(entity)} w CROSS JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} OFFSET 0) r WHERE ${taken('delete')} HAVING count(*) > 0`,
    `INSERT INTO portage.undo_log (${COLUMNS})
     SELECT ${head(entity, facts, "'remap'")}, w.${targetKeyColumn(entity)}::text, NULL, NULL, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, NULL, NULL, NULL, NULL, NULL
     FROM ${undoTable(entity)} w ${mapping(entity)} WHERE ${taken('delete')} AND w.mapped_by IS NULL`,
  ];
}

/** Undo entries of mappings that change alone. */
export const keepRemapped = (entity: CompiledEntity, facts: OwnFacts): readonly string[] => [
  `INSERT INTO portage.undo_log (${COLUMNS}, source_after)
   SELECT ${head(entity, facts, "'remap'")}, w.${targetKeyColumn(entity)}::text, NULL, NULL, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, NULL,
     CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END, NULL, NULL, w.source_hash
   FROM ${undoTable(entity)} w ${mapping(entity)} WHERE ${taken('none')} AND w.mapped_by IS NULL`,
  `INSERT INTO portage.undo_log (${COLUMNS})
   SELECT ${head(entity, facts, "'adopt'")}, w.${targetKeyColumn(entity)}::text, NULL, NULL, w.target_hash, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
   FROM ${undoTable(entity)} w WHERE w.kind IN ('none', 'update') AND w.verdict IS NULL AND w.mapped_by IS NOT NULL`,
];

/**
 * Mappings that were made go; others get back what they said; those that were taken away come back. Bases that were taken
 * over another map say nothing now: without one, nothing is written over unseen.
 */
export function restoreMappings(entity: CompiledEntity, comparable: boolean): readonly string[] {
  const base = (column: string): string => (comparable ? `w.${column}` : 'NULL');
  const key = targetKeyColumn(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  const before = `coalesce(w.key_before${key === 'target_uuid' ? '::uuid' : ''}, w.${key})`;
  return [
    `DELETE FROM ${entity.leaf} m USING ${undoTable(entity)} w WHERE w.verdict IS NULL AND w.forget AND ${leafKey(entity)} = w.k`,
    `UPDATE ${entity.leaf} AS m SET source_hash = ${base('source_hash')}, target_hash = ${base('target_hash')}, source_columns = ${base('source_columns')}, target_columns = ${base('target_columns')}, closed_by = w.closed_before, ${key} = ${before}
     FROM ${undoTable(entity)} w WHERE w.verdict IS NULL AND NOT w.forget AND w.mapped_by IS NULL AND ${leafKey(entity)} = w.k`,
    `INSERT INTO ${entity.leaf} (${legacy}, source_hash, target_hash, ${key}, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
     SELECT w.k, ${base('source_hash')}, ${base('target_hash')}, ${before}, ${entity.entityId}, w.mapped_by, w.closed_before, w.mapped_origin, ${base('source_columns')}, ${base('target_columns')}
     FROM ${undoTable(entity)} w WHERE w.verdict IS NULL AND w.mapped_by IS NOT NULL`,
  ];
}
