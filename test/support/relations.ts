// Relations as a catalog would describe them, for tests that need no database.
import type { Column, ForeignKey, Relation, TypeInfo, TypeKind } from '../../shared/domain/catalog.ts';

/** A type of pg_catalog, or with `more` anything else. */
export const typeOf = (name: string, more: Partial<TypeInfo> = {}): TypeInfo => ({
  schema: 'pg_catalog',
  name,
  kind: 'base' satisfies TypeKind,
  builtin: true,
  element: null,
  base: null,
  labels: [],
  ...more,
});

export const domainOver = (base: TypeInfo): TypeInfo =>
  typeOf('own', { schema: 'public', kind: 'domain', builtin: false, base });
export const arrayOf = (element: TypeInfo): TypeInfo =>
  typeOf(`_${element.name}`, { schema: element.schema, kind: 'array', builtin: element.builtin, element });

export const column = (name: string, type: TypeInfo, more: Partial<Column> = {}): Column => ({
  name,
  position: 1,
  type: type.builtin ? type.name : `${type.schema}.${type.name}`,
  typeInfo: type,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: null,
  collation: null,
  ...more,
});

/** A table of `public`; the first column is its primary key. */
export const table = (name: string, columns: readonly Column[], more: Partial<Relation> = {}): Relation => ({
  schema: 'public',
  name,
  kind: 'table',
  columns,
  primaryKey: { name: `${name}_pkey`, columns: [columns[0]!.name], deferrable: false, predicate: null },
  uniqueKeys: [],
  foreignKeys: [],
  indexes: [],
  triggers: [],
  estimatedRows: 0,
  bytes: 0,
  rowSecurity: false,
  ...more,
});

export const foreignKey = (parentTable: string, more: Partial<ForeignKey> = {}): ForeignKey => ({
  name: `to_${parentTable}`,
  columns: [`${parentTable}_id`],
  parentSchema: 'public',
  parentTable,
  parentColumns: ['id'],
  deferrable: false,
  validated: true,
  onDelete: 'no action',
  ...more,
});
