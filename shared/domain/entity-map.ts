/**
 * The user's mapping in its public form (DESIGN.md, "The user's mapping") and its normal form, in which every column is
 * one of three kinds. Everything else reads the normal form.
 */
import { quoteIdentifier } from './identifiers.ts';
import type { Settings } from './settings.ts';

export type { Settings } from './settings.ts';

export interface SourceRelation {
  /** `schema.table`, split at the first dot; identifiers are exact. */
  readonly table: string;
  readonly key: readonly string[];
  /** Boolean SQL over the source row, alias `s`. */
  readonly where?: string | undefined;
  readonly updatedAt?: string | undefined;
}

export interface TargetRelation {
  readonly table: string;
  readonly key: readonly string[];
  readonly identity?: readonly string[] | undefined;
  readonly updatedAt?: string | undefined;
}

export type OnMissing = 'setAside' | 'null';

export type ColumnSource =
  | string
  | { readonly from: string; readonly sensitive?: boolean | undefined; readonly onInsertOnly?: boolean | undefined }
  | { readonly sql: string; readonly sensitive?: boolean | undefined; readonly onInsertOnly?: boolean | undefined }
  | { readonly value: string | number | boolean | null; readonly sensitive?: boolean | undefined }
  | { readonly ref: string; readonly from: readonly string[]; readonly onMissing?: OnMissing | undefined }
  | { readonly ref: string; readonly sql: string; readonly onMissing?: OnMissing | undefined };

/** `report`, `propagate`, or `soft:COLUMN`. */
export type DeleteRule = 'report' | 'propagate' | `soft:${string}`;

export interface Entity {
  readonly source: SourceRelation;
  readonly target: TargetRelation;
  readonly columns: Readonly<Record<string, ColumnSource>>;
  readonly deletes?: DeleteRule | undefined;
  readonly conflicts?: string | undefined;
  readonly ids?: 'derived' | 'random' | undefined;
}

export interface EntityMap {
  readonly name: string;
  readonly entities: Readonly<Record<string, Entity>>;
  readonly sensitive?: '*' | undefined;
  readonly settings?: Settings | undefined;
}

// ---- normal form ---------------------------------------------------------------------------------------------------

interface NormalColumnBase {
  /** The target column. */
  readonly column: string;
  readonly sensitive: boolean;
  readonly onInsertOnly: boolean;
}
/** SQL over the source row `s`, cast to the target column's type. */
export interface ExpressionColumn extends NormalColumnBase {
  readonly kind: 'expression';
  readonly sql: string;
}
export interface ConstantColumn extends NormalColumnBase {
  readonly kind: 'constant';
  readonly value: string | null;
}
export interface ReferenceColumn extends NormalColumnBase {
  readonly kind: 'reference';
  readonly parent: string;
  /** One SQL expression over `s` for each key column of the parent entity. */
  readonly sql: readonly string[];
  readonly onMissing: OnMissing;
}
export type NormalColumn = ExpressionColumn | ConstantColumn | ReferenceColumn;

export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

export interface NormalEntity {
  readonly name: string;
  readonly source: {
    readonly relation: RelationName;
    readonly key: readonly string[];
    readonly where: string | null;
    readonly updatedAt: string | null;
  };
  readonly target: {
    readonly relation: RelationName;
    readonly key: readonly string[];
    readonly identity: readonly string[];
    readonly updatedAt: string | null;
  };
  readonly columns: readonly NormalColumn[];
  /** True when the key is one column that no mapped column fills: its UUID comes from the mapping row (SEMANTICS 9). */
  readonly surrogateKey: boolean;
  readonly deletes: DeleteRule;
  readonly conflicts: string;
  readonly ids: 'derived' | 'random';
  /** An expression may read other tables by subselect; such an entity never trusts a fast path. */
  readonly readsOtherTables: boolean;
}

/** Splits at the first dot; a name without a dot is in `public`. */
export function relationName(table: string): RelationName {
  const dot = table.indexOf('.');
  return dot < 0 ? { schema: 'public', name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

const SUBSELECT = /\bselect\b/i;

function normalColumn(column: string, source: ColumnSource, sensitiveByDefault: boolean): NormalColumn {
  const ofSource = (name: string): string => `s.${quoteIdentifier(name)}`;
  if (typeof source === 'string')
    return { kind: 'expression', column, sql: ofSource(source), sensitive: sensitiveByDefault, onInsertOnly: false };
  if ('ref' in source) {
    const sql = 'sql' in source ? [source.sql] : source.from.map(ofSource);
    return {
      kind: 'reference',
      column,
      parent: source.ref,
      sql,
      onMissing: source.onMissing ?? 'setAside',
      sensitive: false,
      onInsertOnly: false,
    };
  }
  const sensitive = source.sensitive ?? sensitiveByDefault;
  if ('value' in source)
    return {
      kind: 'constant',
      column,
      value: source.value === null ? null : String(source.value),
      sensitive,
      onInsertOnly: false,
    };
  const sql = 'sql' in source ? source.sql : ofSource(source.from);
  return { kind: 'expression', column, sql, sensitive, onInsertOnly: source.onInsertOnly ?? false };
}

/** The normal form of one entity. The map is expected to have passed its schema. */
export function normalEntity(map: EntityMap, name: string): NormalEntity {
  const entity = map.entities[name];
  if (entity === undefined) throw new RangeError(`no entity ${name}`);
  const columns = Object.entries(entity.columns).map(([column, source]) =>
    normalColumn(column, source, map.sensitive === '*'),
  );
  const mapped = new Set(columns.map((c) => c.column));
  const keyMapped = entity.target.key.every((column) => mapped.has(column));
  const texts = [entity.source.where ?? '', ...columns.flatMap((c) => (c.kind === 'constant' ? [] : c.sql))];
  return {
    name,
    source: {
      relation: relationName(entity.source.table),
      key: entity.source.key,
      where: entity.source.where ?? null,
      updatedAt: entity.source.updatedAt ?? null,
    },
    target: {
      relation: relationName(entity.target.table),
      key: entity.target.key,
      identity: entity.target.identity ?? (keyMapped ? entity.target.key : []),
      updatedAt: entity.target.updatedAt ?? null,
    },
    columns,
    surrogateKey: !keyMapped,
    deletes: entity.deletes ?? 'report',
    conflicts: entity.conflicts ?? 'manual',
    ids: entity.ids ?? 'derived',
    readsOtherTables: texts.some((sql) => SUBSELECT.test(sql)),
  };
}

export const normalEntities = (map: EntityMap): readonly NormalEntity[] =>
  Object.keys(map.entities).map((name) => normalEntity(map, name));
