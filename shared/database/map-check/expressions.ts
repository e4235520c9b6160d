/** The SQL that an entity asks the source to evaluate, piece by piece, with the casts that the engine adds. */
import { columnOf, relationText } from '../../domain/catalog.ts';
import type { NormalColumn } from '../../domain/entity-map.ts';
import { keyPart, wireType } from '../../domain/value-types.ts';
import { namedSourceColumns, type CheckedEntity } from './checked-entity.ts';

export interface Expression {
  readonly path: string;
  /** As it stands in the map; a plain column in its SQL form. */
  readonly sql: string;
  /** Over alias `s`, with the cast: what the source is going to evaluate. */
  readonly typed: string;
  readonly kind: 'value' | 'condition';
  readonly expected: string;
  readonly onInsertOnly: boolean;
  /** Whether `onInsertOnly` could be said of it. */
  readonly isColumn: boolean;
}

/** All but those that name a column which is not there: that is reported by name. */
export function expressionsOf(
  checked: CheckedEntity,
  entities: ReadonlyMap<string, CheckedEntity>,
  sourceHasType: (name: string) => boolean,
): readonly Expression[] {
  const { source, normal, path } = checked;
  if (source === null) return [];
  const unknown = namedSourceColumns(checked).filter(({ column }) => columnOf(source, column) === undefined);
  const isUnknown = (at: string): boolean =>
    unknown.some((named) => named.path === at || named.path.startsWith(`${at}.from`));
  const conditions = normal.source.where === null ? [] : [condition(checked, normal.source.where)];
  const values = normal.columns.flatMap((column) =>
    isUnknown(path('columns', column.column)) ? [] : columnExpressions(checked, column, entities, sourceHasType),
  );
  return [...conditions, ...values];
}

function condition({ normal, path }: CheckedEntity, sql: string): Expression {
  return {
    path: path('source', 'where'),
    sql,
    typed: `(${sql})`,
    kind: 'condition',
    expected: `a condition over alias s of ${relationText(normal.source.relation)}`,
    onInsertOnly: false,
    isColumn: false,
  };
}

function columnExpressions(
  checked: CheckedEntity,
  column: NormalColumn,
  entities: ReadonlyMap<string, CheckedEntity>,
  sourceHasType: (name: string) => boolean,
): readonly Expression[] {
  const over = `SQL over alias s of ${relationText(checked.normal.source.relation)}`;
  const { onInsertOnly } = column;
  if (column.kind === 'constant') return [];
  if (column.kind === 'expression') {
    const target = checked.target === null ? undefined : columnOf(checked.target, column.column);
    const typed =
      target === undefined ? `(${column.sql})` : `(${column.sql})::${wireType(target.typeInfo, sourceHasType)}`;
    const expected = target === undefined ? over : `${over} that can be cast to ${target.type}`;
    return [
      {
        path: pathOfValue(checked, column.column),
        sql: column.sql,
        typed,
        kind: 'value',
        expected,
        onInsertOnly,
        isColumn: true,
      },
    ];
  }
  const parent = entities.get(column.parent);
  return column.sql.map((sql, i) => {
    const name = parent?.normal.source.key[i];
    const key = name === undefined || !parent?.source ? undefined : columnOf(parent.source, name);
    // What a child says is cast to what its parent's key is (SEMANTICS 6).
    const typed = key === undefined ? `(${sql})` : keyPart(key, sql);
    const expected = key === undefined ? over : `${over} that can be cast to ${key.type}, the key of ${column.parent}`;
    return {
      path: pathOfValue(checked, column.column),
      sql,
      typed,
      kind: 'value',
      expected,
      onInsertOnly,
      isColumn: false,
    };
  });
}

/** `...columns.NAME.sql` where there is SQL to correct, else the column itself. */
function pathOfValue({ entity, path }: CheckedEntity, column: string): string {
  const source = entity.columns[column];
  return typeof source === 'object' && 'sql' in source ? path('columns', column, 'sql') : path('columns', column);
}
