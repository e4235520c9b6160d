/**
 * How a value of each type travels from source to target, and how it is compared there (SEMANTICS 2 and 3). One place
 * derives both, so that migrate, dry run and validation cannot disagree.
 */
import type { Column, TypeInfo } from './catalog.ts';
import { underlying } from './catalog.ts';
import { quoteIdentifier } from './identifiers.ts';

const INTEGERS = new Set(['int2', 'int4', 'int8']);
/** Types whose `=` is exact equality: compared as they are. Every other type is compared by its exact text. */
const EXACT = new Set([...INTEGERS, 'uuid', 'bool', 'date', 'timestamp', 'timestamptz', 'text', 'varchar', 'bytea']);
/** Strings with a length: an explicit cast would cut them silently, so the last step is left to the assignment, which refuses. */
const LENGTH_LIMITED = new Set(['varchar', 'bpchar', 'bit', 'varbit']);
/** Built in, but their values name objects of one server. */
const SERVER_BOUND = /^reg|^(oid|xid|xid8|cid|tid|pg_lsn|pg_snapshot|txid_snapshot|aclitem)$/;

export const builtin = (name: string): string => `pg_catalog.${quoteIdentifier(name)}`;

/** True for an integer key, whose order is the same number line on both sides. */
export const isInteger = (type: TypeInfo): boolean => INTEGERS.has(underlying(type).name) && underlying(type).builtin;

/**
 * The built-in type nearest to a target type: what the source casts to and the staging table holds. `sourceHas` tells
 * whether the source's server knows a built-in type (an older one may lack it); what it lacks travels as text.
 */
export function wireType(type: TypeInfo, sourceHas: (name: string) => boolean): string {
  const base = underlying(type);
  const fits = (t: TypeInfo): boolean => t.builtin && !SERVER_BOUND.test(t.name) && sourceHas(t.name);
  switch (base.kind) {
    case 'base':
    case 'range':
    case 'multirange':
      return fits(base) ? builtin(base.name) : builtin('text');
    case 'array': {
      const element = base.element === null ? null : underlying(base.element);
      if (element?.kind !== 'base' || !fits(element)) return builtin('_text');
      return base.builtin ? builtin(base.name) : builtin(`_${element.name}`);
    }
    default:
      return builtin('text');
  }
}

/** Types whose binary form is one on every supported server, names no object of a server, and takes each value that the text takes. */
const ONE_BINARY =
  /^pg_catalog\."?(bool|int2|int4|int8|numeric|float4|float8|text|varchar|date|time|timestamp|timestamptz|interval|uuid|bytea|json|jsonb)"?( |$)/;

/** Whether values of a wire type may travel in COPY's binary form: neither side then makes or reads a text (measured: 3 % of a load). */
export const travelsBinary = (wire: string): boolean => ONE_BINARY.test(wire);

/** True where the assignment of a value may cut blanks from it, or refuse it for its length. */
export const isLengthLimited = (type: TypeInfo | undefined): boolean => {
  if (type === undefined) return true;
  const base = underlying(type);
  return (
    LENGTH_LIMITED.has(base.name) || (base.kind === 'array' && base.element !== null && isLengthLimited(base.element))
  );
};

/** The staged value cast to its column's type, or left for the assignment where a cast would cut it. */
export const finalCast = (column: Column, staged: string): string =>
  isLengthLimited(column.typeInfo) ? staged : `${staged}::${column.type}`;

/**
 * The form of a value in which equality is exact: the typed value, or its exact text. `sql` is of the column's type or of
 * its wire type; both give the same form.
 */
export function exactForm(type: TypeInfo, sql: string): string {
  const base = underlying(type);
  if (!base.builtin || !EXACT.has(base.name)) return `(${sql})::text COLLATE "C"`;
  const plain = type === base ? `(${sql})` : `(${sql})::${builtin(base.name)}`;
  return base.name === 'text' || base.name === 'varchar' ? `${plain} COLLATE "C"` : plain;
}

/** The value's exact text, for hashes by column and before-images; null stays null. */
export const exactText = (sql: string): string => `(${sql})::text`;

/** Built-in types whose equal values have one text: what a child says of its parent's key, cast, is what the parent says. */
const ONE_TEXT = new Set([
  ...EXACT,
  'bpchar',
  'char',
  'name',
  'time',
  'money',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'bit',
  'varbit',
  'oid',
]);

/** Digits after the point that every value of the column has; null where each value has its own. */
const fixedScale = (column: Column): number | null => {
  const modifier = /^numeric\(\d+(?:,(-?\d+))?\)$/.exec(column.type);
  return modifier === null ? null : Math.max(0, Number(modifier[1] ?? 0));
};

/** Each value of the column has as many digits after the point, and none is infinite. */
export const hasFixedScale = (column: Column): boolean => fixedScale(column) !== null;

/** False where two equal values of a key column may differ as texts: 5 and 5.0 of numeric, Abc and ABC of citext or of a collation. */
export const hasOneText = (column: Column): boolean => {
  if (column.folding) return false;
  const base = underlying(column.typeInfo);
  return base.kind === 'enum' || (base.builtin && ONE_TEXT.has(base.name)) || fixedScale(column) !== null;
};

/** The part of a parent's key that a child's expression means, written as the parent writes it where the type alone says how. */
export function referencePart(column: Column, sql: string): string {
  const scale = fixedScale(column);
  const typed = keyPart(column, sql);
  // A value between two of the parent's must not be rounded to one of them.
  return scale === null
    ? typed
    : `(SELECT CASE WHEN v.v = round(v.v, ${scale}) THEN round(v.v, ${scale}) ELSE v.v END FROM (SELECT ${typed} AS v OFFSET 0) AS v)`;
}

/** `=` of the column's type: one that an extension made is not on the search path. */
export const equals = (column: Column): string => {
  const base = underlying(column.typeInfo);
  return base.kind === 'base' && !base.builtin ? `OPERATOR(${quoteIdentifier(base.schema)}.=)` : '=';
};

/** The collation of a column beside a value that it is compared with: texts of two others could not be compared at all. */
export const collated = ({ collation }: Column): string => (collation === null ? '' : ` COLLATE ${collation}`);

/** Any expression, as a value of the column's type. */
function typedAs(column: Column, sql: string): string {
  const base = underlying(column.typeInfo);
  return `(${sql})::${base.builtin ? builtin(base.name) : column.type}`;
}

/** That a column holds what any expression means, by the column's own rule: with another operator or collation its index would not serve. */
export const holds = (column: Column, ofRow: string, sql: string): string =>
  `${ofRow} ${equals(column)} ${typedAs(column, sql)}${collated(column)}`;

/** A key part of that type, from any expression: what a child says cast to what its parent's key is (SEMANTICS 6). */
export function keyPart(column: Column, sql: string): string {
  const typed = typedAs(column, sql);
  return underlying(column.typeInfo).name === 'bpchar' ? `(${typed})::text` : typed;
}
