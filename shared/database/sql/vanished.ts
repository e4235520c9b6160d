/**
 * The list of rows that are to be deleted at the end of the run: what the slices put on it, and what is taken off it for
 * one batch of deletions. The keys of a batch stand in a table of the session that outlives transactions, because the
 * source is asked about them before the transaction begins.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { allOf } from './range.ts';
import { work } from './scratch.ts';

/** Keys of the rows that one batch deletes. */
export const leaving = (entity: CompiledEntity): string => `pg_temp.leaving_${entity.entityId}`;

/** The list's key in the order form of the entity. */
const asKey = (entity: CompiledEntity, text: string): string => (entity.order === 'integer' ? `${text}::bigint` : text);

/** Vanished rows of a batch's work table that stay for now. */
export const markLeaving = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} SET action = 'leave' WHERE action = 'deleted'`;

export const listLeaving = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.vanished_rows (entity_id, legacy_key, operation_no, despite)
   SELECT ${entity.entityId}, w.k::text, ${operationNo}, w.despite FROM ${work(entity)} w WHERE w.action = 'leave'
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET operation_no = excluded.operation_no, despite = excluded.despite`;

const listed = (entity: CompiledEntity, operationNo: number): string =>
  `portage.vanished_rows v WHERE v.entity_id = ${entity.entityId} AND v.operation_no = ${operationNo}`;

export const countListed = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT count(*) AS rows FROM ${listed(entity, operationNo)}`;

export const anyListed = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT EXISTS (SELECT FROM ${listed(entity, operationNo)})::text AS present`;

export const countMapped = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows FROM ${entity.leaf} m WHERE m.closed_by IS NULL`;

/** Keys of the list after $1 in its own order, $2 at most. */
export const listedAfter = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT v.legacy_key FROM ${listed(entity, operationNo)} AND v.legacy_key > $1 COLLATE "C" ORDER BY v.legacy_key LIMIT $2`;

/** $1: keys that the source has again, or has decided about: off the list. */
export const takeOff = (entity: CompiledEntity): string =>
  `DELETE FROM portage.vanished_rows WHERE entity_id = ${entity.entityId} AND legacy_key = ANY ($1::text[])`;

/** What an operation that was superseded has left. */
export const dropOlder = (entity: CompiledEntity, operationNo: number): string =>
  `DELETE FROM portage.vanished_rows WHERE entity_id = ${entity.entityId} AND operation_no <> ${operationNo}`;

export const createLeaving = (entity: CompiledEntity): string => {
  const name = `leaving_${entity.entityId}`;
  const column = targetKeyColumn(entity);
  return `CREATE TEMP TABLE IF NOT EXISTS ${name} (k ${entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"'} PRIMARY KEY);
    CREATE INDEX IF NOT EXISTS work_${entity.entityId}_target ON ${work(entity)} (${column})`;
};

export const emptyLeaving = (entity: CompiledEntity): string => `TRUNCATE ${leaving(entity)}`;

/** The first rows of the list. */
export const nextLeaving = (entity: CompiledEntity, operationNo: number, limit: number): string =>
  `INSERT INTO ${leaving(entity)} (k) SELECT ${asKey(entity, 'v.legacy_key')} FROM ${listed(entity, operationNo)} ORDER BY v.legacy_key LIMIT ${limit}`;

export const leavingKeys = (entity: CompiledEntity): string => `SELECT l.k::text AS k FROM ${leaving(entity)} l`;

/** $1: keys that stay. */
export const keepLeaving = (entity: CompiledEntity): string =>
  `DELETE FROM ${leaving(entity)} WHERE k = ANY ($1::${entity.order === 'integer' ? 'bigint' : 'text'}[])`;

/** Of the keys $1 those that the source has, in whatever state the row is. */
export const presentInSource = (entity: CompiledEntity): string =>
  `SELECT v.k::text AS k FROM unnest($1::${entity.order === 'integer' ? 'bigint' : 'text'}[]) AS v (k)
   WHERE EXISTS (SELECT FROM ${entity.source.from} WHERE ${allOf([...entity.source.where, `${entity.source.key} = v.k`])})`;

/** `row` has the parent's columns r0, r1 ...; alias t is the child. */
export const refersTo = (key: ReferencingKey, row: string): string =>
  key.pairs
    .map(
      ({ child, operator, collation }, i) =>
        `${row}.r${i} ${operator} t.${quoteIdentifier(child)}${collation === null ? '' : ` COLLATE ${collation}`}`,
    )
    .join(' AND ');

/** The columns of a row that a foreign key leads to. */
export const referredColumns = (key: ReferencingKey): string =>
  key.pairs.map(({ parent }, i) => `t.${quoteIdentifier(parent)} AS r${i}`).join(', ');

/**
 * Adds rows of the list that refer to rows of this batch, so that both go at once. At most `limit`. From the batch outwards, row by
 * row: a join would begin with the whole list, or with all mappings.
 */
export const pullReferring = (
  parent: CompiledEntity,
  key: ReferencingKey,
  child: CompiledEntity,
  operationNo: number,
  limit: number,
): string =>
  `INSERT INTO ${leaving(child)} (k)
   SELECT DISTINCT m.k FROM ${leaving(parent)} l
   CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key FROM ${parent.leaf} m WHERE ${leafKey(parent)} = l.k AND m.closed_by IS NULL OFFSET 0) pm
   CROSS JOIN LATERAL (SELECT ${referredColumns(key)} FROM ${parent.target.table} t WHERE ${parent.target.matchesMapping('pm')} OFFSET 0) r
   CROSS JOIN LATERAL (SELECT ${child.target.keyOfRow} AS key FROM ${qualifiedName({ schema: key.schema, name: key.table })} t WHERE ${refersTo(key, 'r')} OFFSET 0) c
   CROSS JOIN LATERAL (SELECT ${leafKey(child)} AS k FROM ${child.leaf} m WHERE m.${targetKeyColumn(child)} = c.key AND m.closed_by IS NULL OFFSET 0) m
   WHERE EXISTS (SELECT FROM ${listed(child, operationNo)} AND v.legacy_key = m.k::text) AND NOT EXISTS (SELECT FROM ${leaving(child)} x WHERE x.k = m.k) LIMIT ${limit}`;
