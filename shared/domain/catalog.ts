/**
 * What a database says about its own relations, in the form that the domain reasons about: read once from the system
 * catalogs of either side (shared/database), then only ever a value. A relation here is anything that can stand as
 * `source.table` or `target.table` of an entity map.
 */

/** `table` has storage of its own, `partitioned` has partitions (which are not listed beside it), `view` covers materialized views too. */
export type RelationKind = 'table' | 'view' | 'partitioned' | 'foreign';

/** `pg_type.typtype`, with arrays told apart from the base types that they are made of. */
export type TypeKind = 'base' | 'domain' | 'enum' | 'composite' | 'range' | 'multirange' | 'array' | 'pseudo';

/** The type of a column without its modifier: which rules of comparison and casting apply to it. */
export interface TypeInfo {
  readonly schema: string;
  /** `pg_type.typname`: `int4`, `text`, `bpchar`, `_text` of an array, or the user's own name. */
  readonly name: string;
  readonly kind: TypeKind;
  /** In `pg_catalog`, so that the other database has it too. */
  readonly builtin: boolean;
  /** Of an array: the type of its elements. Of a range or multirange: of its bounds. Otherwise null. */
  readonly element: TypeInfo | null;
  /** Of a domain: the type that it constrains, followed down to a type that is no domain. Otherwise null. */
  readonly base: TypeInfo | null;
  /** Of an enum: its labels in order. Otherwise empty. */
  readonly labels: readonly string[];
}

export interface Column {
  readonly name: string;
  /** `attnum`: the order in which the columns were made; gaps stand for dropped ones. */
  readonly position: number;
  /** `format_type` with its modifier and, where it is not built in, its schema: `character varying(20)`, `public.citext`. */
  readonly type: string;
  readonly typeInfo: TypeInfo;
  /** NOT NULL of the column or of its domain, or a CHECK that says the same. */
  readonly notNull: boolean;
  /** NULL may stand in it all the same: the constraint was never validated, or the server does not keep it (a foreign table). */
  readonly unproven?: true;
  /** A DEFAULT of its own or of its domain; identity and generated columns are told by the two fields below. */
  readonly hasDefault: boolean;
  /** GENERATED ALWAYS AS (...), stored or virtual: never written. */
  readonly generated: boolean;
  readonly identity: null | 'always' | 'by default';
  /** The collation by which its values are compared, quoted and with its schema; null of a type that has none. */
  readonly collation: string | null;
  /** That collation calls different texts equal. */
  readonly folding?: true;
}

/** A PRIMARY KEY, a UNIQUE constraint, or a unique index that stands without a constraint. */
export interface UniqueKey {
  readonly name: string;
  /** In index order. A key over an expression has an empty list: it is there, but cannot be reasoned about. */
  readonly columns: readonly string[];
  readonly deferrable: boolean;
  /** The WHERE of a partial index, else null. */
  readonly predicate: string | null;
  /** NULLS NOT DISTINCT: a row with NULL is in the way of another. */
  readonly nullsEqual?: true;
}

export type DeleteAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly parentSchema: string;
  readonly parentTable: string;
  /** In the order of `columns`. */
  readonly parentColumns: readonly string[];
  readonly deferrable: boolean;
  /** False for NOT VALID: rows that were there before may lead nowhere. */
  readonly validated: boolean;
  readonly onDelete: DeleteAction;
}

export interface Index {
  readonly name: string;
  /** Leading to trailing, without INCLUDE; an expression is null, so that positions stay true. */
  readonly columns: readonly (string | null)[];
  readonly unique: boolean;
}

export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** By position. */
  readonly columns: readonly Column[];
  /** Other tables inherit from it: their rows are read with its own, and no key of it holds for them. */
  readonly inherited?: true;
  /** Null where there is none, as in a view. */
  readonly primaryKey: UniqueKey | null;
  /** All but the primary key. */
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly indexes: readonly Index[];
  /** Names of the enabled user triggers (internal ones of constraints are left out). */
  readonly triggers: readonly string[];
  /** One of them, or one of a partition, fires after a row was inserted or updated, and may have changed it since. */
  readonly changedAfter?: true;
  /** The planner's estimate; -1 where it was never analysed, and for views. */
  readonly estimatedRows: number;
  /** With indexes and TOAST, and partitions; 0 for views and foreign tables. */
  readonly bytes: number;
  readonly rowSecurity: boolean;
}

/** `schema.name`, as an entity map writes it. */
export const relationText = (relation: Pick<Relation, 'schema' | 'name'>): string =>
  `${relation.schema}.${relation.name}`;

/** The column of that exact name. */
export const columnOf = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((column) => column.name === name);

/** A domain's underlying type, any other type itself. */
export const underlying = (type: TypeInfo): TypeInfo => type.base ?? type;

/** NULL may be found in the column: a view does not say which of its columns can have none. */
export const mayHoldNull = ({ kind }: Relation, { notNull, unproven }: Column): boolean =>
  !notNull || unproven === true || kind === 'view';

/** Unique keys that are about every row of the relation itself. */
export const wholeKeys = ({ primaryKey, uniqueKeys }: Relation): readonly UniqueKey[] =>
  [...(primaryKey === null ? [] : [primaryKey]), ...uniqueKeys].filter(
    ({ predicate, columns }) => predicate === null && columns.length > 0,
  );

/** Keys that no two rows share which are read from it. */
export const provenKeys = (relation: Relation): readonly UniqueKey[] =>
  relation.inherited === true ? [] : wholeKeys(relation);
