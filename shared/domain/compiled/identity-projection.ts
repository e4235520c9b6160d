/**
 * The legacy key of a target row as its identity columns say it: a column that copies a key column of the source says it
 * itself, a reference that copies one says it through the identity of its parent, and so on. Null where some key column is
 * said by none of them, or not exactly.
 */
import type { Column } from '../catalog.ts';
import { underlying } from '../catalog.ts';
import type { NormalColumn } from '../entity-map.ts';
import { quoteIdentifier, quoteLiteral, qualifiedName } from '../identifiers.ts';
import { collated, finalCast, isInteger } from '../value-types.ts';
import { keyColumns, mustHave, orderOf, type CompileContext, type EntityFacts } from './key-forms.ts';

export interface Join {
  readonly table: string;
  readonly on: readonly string[];
}

export interface Projected {
  /** In the order form of the entity. */
  readonly key: string;
  /** A typed expression for each key column. */
  readonly parts: readonly string[];
  /** Left joins, each after those that it speaks of. */
  readonly joins: readonly Join[];
  /** Of the row alone: it stands for a row of this entity. */
  readonly conditions: readonly string[];
  /** The column that says the key alone, as it is. */
  readonly plain: string | null;
}

/** Parents of parents that an identity may lead through. */
const DEEPEST = 4;

const TEXTUAL = /^(text|varchar|bpchar|citext)$/;
const isTextual = (column: Column): boolean => {
  const base = underlying(column.typeInfo);
  return base.kind === 'enum' || TEXTUAL.test(base.name);
};
/** Types whose equal values have one form, on whatever side. */
const PLAIN = /^(uuid|bool|date|timestamp|timestamptz|time|inet|cidr|macaddr|macaddr8|bytea)$/;

/** The number that a text is, written in its one way; a text that is no number of 64 bits stands for no row of an integer key. */
const integerIn = (text: string): string =>
  `(CASE WHEN ${text} ~ '^(0|-?[1-9][0-9]{0,18})$' THEN CASE WHEN ${text}::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ${text}::bigint END END)`;

/** Whether a copy of the source's column says the same key again, and how. */
function saidBy(source: Column, target: Column, sql: string): string | null {
  const [from, to] = [underlying(source.typeInfo), underlying(target.typeInfo)];
  if (isInteger(source.typeInfo)) {
    if (isInteger(target.typeInfo)) return `(${sql})::bigint`;
    return isTextual(target) ? integerIn(`(${sql})::text`) : null;
  }
  if (isTextual(source)) return isTextual(target) && source.typeInfo.kind !== 'enum' ? `(${sql})::text` : null;
  if (!from.builtin || !to.builtin || from.name !== to.name) return null;
  const exact = PLAIN.test(from.name) ? target.type === source.type || !target.type.includes('(') : false;
  const fixed = from.name === 'numeric' && source.type.includes('(') && source.type === target.type;
  return exact || fixed ? `(${sql})::pg_catalog.${quoteIdentifier(from.name)}` : null;
}

const isCopyOf = (sql: string, column: string): boolean =>
  sql.trim() === `s.${quoteIdentifier(column)}` || (/^[a-z_][a-z0-9_]*$/.test(column) && sql.trim() === `s.${column}`);

/** Two key columns whose values are canonical in the same way. */
const isAlike = (a: Column, b: Column): boolean =>
  (isInteger(a.typeInfo) && isInteger(b.typeInfo)) ||
  (underlying(a.typeInfo).builtin && underlying(a.typeInfo).name === underlying(b.typeInfo).name && a.type === b.type);

/** Literals of the key may stand beside the column as it is. */
const canBeListed = (key: Column, target: Column): boolean =>
  target.typeInfo.builtin &&
  (isInteger(key.typeInfo) ? isInteger(target.typeInfo) : /^(text|varchar|uuid)$/.test(target.typeInfo.name));

interface Part {
  readonly sql: string;
  readonly joins: readonly Join[];
  readonly plain: string | null;
}

function partOf(context: CompileContext, facts: EntityFacts, alias: string, key: Column, depth: number): Part | null {
  const identity = facts.normal.target.identity.flatMap((name) =>
    facts.normal.columns.filter((column) => column.column === name),
  );
  for (const [i, column] of identity.entries()) {
    const own = `${alias}.${quoteIdentifier(column.column)}`;
    if (column.kind === 'expression' && isCopyOf(column.sql, key.name)) {
      const target = mustHave(facts.target, column.column, facts.normal.name);
      const said = saidBy(key, target, own);
      if (said !== null) return { sql: said, joins: [], plain: canBeListed(key, target) ? column.column : null };
    }
    if (column.kind === 'reference') {
      const found = throughParent(context, column, alias, `${alias}i${i}`, key, depth);
      if (found) return found;
    }
  }
  return null;
}

function throughParent(
  context: CompileContext,
  column: NormalColumn & { readonly kind: 'reference' },
  alias: string,
  parentAlias: string,
  key: Column,
  depth: number,
): Part | null {
  const place = column.sql.findIndex((sql) => isCopyOf(sql, key.name));
  const parent = context.facts.get(column.parent);
  if (place < 0 || !parent || depth >= DEEPEST) return null;
  const parentKey = keyColumns(parent)[place];
  const [held, ...more] = parent.normal.target.key;
  if (parentKey === undefined || held === undefined || more.length > 0 || !isAlike(key, parentKey)) return null;
  const projected = projectIdentity(context, parent, parentAlias, depth + 1);
  const part = projected?.parts[place];
  if (projected === null || part === undefined) return null;
  const on = [
    `${parentAlias}.${quoteIdentifier(held)} = ${alias}.${quoteIdentifier(column.column)}${collated(mustHave(parent.target, held, parent.normal.name))}`,
    ...projected.conditions,
  ];
  return {
    sql: part,
    joins: [{ table: `${qualifiedName(parent.target)} AS ${parentAlias}`, on }, ...projected.joins],
    plain: null,
  };
}

/** @param alias of the target row of `facts` */
export function projectIdentity(
  context: CompileContext,
  facts: EntityFacts,
  alias: string,
  depth = 0,
): Projected | null {
  const { identity } = facts.normal.target;
  const found = keyColumns(facts).map((key) => partOf(context, facts, alias, key, depth));
  const parts = found.flatMap((part) => (part === null ? [] : [part]));
  if (identity.length === 0 || parts.length < found.length) return null;
  const columns = identity.flatMap((name) => facts.normal.columns.filter(({ column }) => column === name));
  const conditions = columns.map((column) => {
    const own = `${alias}.${quoteIdentifier(column.column)}`;
    if (column.kind !== 'constant') return `${own} IS NOT NULL`;
    const target = mustHave(facts.target, column.column, facts.normal.name);
    return `${own} = ${finalCast(target, `${quoteLiteral(column.value ?? '')}::text`)}`;
  });
  const each = parts.map(({ sql }) => sql);
  // One reference may say several parts: joined once.
  const joins = [...new Map(parts.flatMap((part) => part.joins).map((join) => [join.table, join])).values()];
  return {
    key: canonical(each, orderOf(facts) === 'integer'),
    parts: each,
    joins,
    conditions,
    plain: parts.length === 1 ? (parts[0]?.plain ?? null) : null,
  };
}

function canonical(parts: readonly string[], integer: boolean): string {
  const [first = 'NULL'] = parts;
  if (parts.length === 1) return integer ? first : `(${first})::text COLLATE "C"`;
  const present = parts.map((part) => `${part} IS NOT NULL`).join(' AND ');
  return `(CASE WHEN ${present} THEN jsonb_build_array(${parts.join(', ')})::text END) COLLATE "C"`;
}
