/** Statements that try a row's values, some of its columns at a time, and one that tells the columns of a constraint. */
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { allOf, keyLiteral } from './range.ts';
import { stage } from './scratch.ts';

/** $1: a constraint of the table or of one of its partitions, or a unique index. Its columns, one after the other. */
export const constraintColumns = (entity: CompiledEntity): string => {
  const table = `${quoteLiteral(entity.target.table)}::regclass`;
  const named = (keys: string, relation: string): string =>
    `(SELECT string_agg(a.attname, ', ' ORDER BY u.position) FROM unnest(${keys}) WITH ORDINALITY AS u (number, position) JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = u.number)`;
  return `WITH tables AS (SELECT ${table}::oid AS oid UNION SELECT relid FROM pg_partition_tree(${table}))
    SELECT coalesce((SELECT ${named('c.conkey', 'c.conrelid')} FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid WHERE c.conname = $1 LIMIT 1),
      (SELECT ${named('i.indkey::int2[]', 'i.indrelid')} FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid WHERE x.relname = $1 LIMIT 1)) AS columns`;
};

/** Makes the values of the columns for one row of the source. */
export const makeValues = (entity: CompiledEntity, key: string, columns: readonly CompiledColumn[]): string =>
  `SELECT count(row(${columns.map(({ source }) => source ?? 'NULL').join(', ')})) FROM ${entity.source.from} WHERE ${allOf([...entity.source.where, `${entity.source.key} = ${keyLiteral(entity.order, key)}`])}`;

/** Casts the values of the columns for one staged row, as they are to be written. */
export const castValues = (entity: CompiledEntity, key: string, columns: readonly CompiledColumn[]): string =>
  `SELECT count(row(${columns.map(({ desired }) => desired).join(', ')})) FROM ${staged(entity, key)}`;

const staged = (entity: CompiledEntity, key: string): string =>
  `${stage(entity)} g WHERE g.k = ${keyLiteral(entity.order, key)}`;

const tried = (entity: CompiledEntity): string => `tried_${entity.entityId}`;
const names = (columns: readonly CompiledColumn[]): string =>
  columns.map(({ column }) => quoteIdentifier(column)).join(', ');

/** Columns of the target's types, lengths and domains, without its constraints. */
export const createTried = (entity: CompiledEntity, columns: readonly CompiledColumn[]): string =>
  `CREATE TEMP TABLE IF NOT EXISTS ${tried(entity)} ON COMMIT DELETE ROWS AS SELECT ${names(columns)} FROM ${entity.target.table} WITH NO DATA`;

/** An assignment, as the write is one: it refuses what is too long, where a cast would cut it. The other columns are NULL. */
export const storeValues = (entity: CompiledEntity, key: string, columns: readonly CompiledColumn[]): string =>
  columns.length === 0
    ? `INSERT INTO pg_temp.${tried(entity)} DEFAULT VALUES`
    : `INSERT INTO pg_temp.${tried(entity)} (${names(columns)}) SELECT ${columns.map(({ desired }) => desired).join(', ')} FROM ${staged(entity, key)}`;
