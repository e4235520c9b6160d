/** Target columns that cannot be written, and those that must have a value and get none. */
import { columnOf, mayHoldNull, relationText, underlying, type Column, type Relation } from '../../domain/catalog.ts';
import { family } from '../../domain/draft/types.ts';
import { copiedColumn, type CheckedEntity } from './checked-entity.ts';
import { fault, warning, type CatalogFault } from './faults.ts';

export function columnFaults(checked: CheckedEntity): CatalogFault[] {
  const { target } = checked;
  if (target === null) return [];
  return [
    ...checked.normal.columns.flatMap(({ column: name }) => {
      const column = columnOf(target, name);
      return column === undefined ? [] : mappedFaults(checked, column);
    }),
    ...unfilledFaults(checked, target),
    ...softDeleteFaults(checked, target),
  ];
}

function mappedFaults(checked: CheckedEntity, column: Column): CatalogFault[] {
  const path = checked.path('columns', column.name);
  if (column.generated)
    return [
      fault(path, 'the target computes this column itself', 'GENERATED ALWAYS AS', 'a column that can be written'),
    ];
  const copied = copiedColumn(checked, column.name);
  const source = copied === null || checked.source === null ? undefined : columnOf(checked.source, copied);
  if (source === undefined || checked.source === null) return [];
  return [...readAsFaults(path, source, column), ...nullFaults(path, checked.source, source, column)];
}

/** A text may say anything: what is not in the form of the other type is found when it is carried. */
function readAsFaults(path: string, source: Column, column: Column): CatalogFault[] {
  if (family(source.typeInfo) !== 'text' || family(column.typeInfo) === 'text') return [];
  return [
    warning(
      path,
      `a text is read as ${column.type}: rows whose text is none are set aside`,
      `${source.name} ${source.type}`,
      `texts in the form of ${column.type}, or SQL that makes one of them`,
    ),
  ];
}

function nullFaults(path: string, relation: Relation, source: Column, column: Column): CatalogFault[] {
  // A view does not say which of its columns can be NULL.
  if (!column.notNull || relation.kind === 'view' || !mayHoldNull(relation, source)) return [];
  return [
    warning(
      path,
      'the source column may be NULL, the target column may not: rows with NULL are set aside',
      `${source.name} without NOT NULL`,
      'a source column that is NOT NULL, or SQL that gives a value for NULL',
    ),
  ];
}

function unfilledFaults({ entity, normal, targetTriggered, path }: CheckedEntity, target: Relation): CatalogFault[] {
  // A key that is not there was meant to be one that is.
  const isMisnamed = normal.target.key.some((name) => columnOf(target, name) === undefined);
  const needed = target.columns.filter(
    (column) =>
      column.notNull &&
      !column.hasDefault &&
      !column.generated &&
      column.identity === null &&
      !Object.hasOwn(entity.columns, column.name) &&
      !normal.target.key.includes(column.name) &&
      !(isMisnamed && target.primaryKey?.columns.includes(column.name)),
  );
  const report = targetTriggered ? warning : fault;
  return needed.map((column) =>
    report(
      path('columns', column.name),
      `a column that must have a value, and nothing fills it${targetTriggered ? ' unless a trigger does' : ''}`,
      `${column.type} NOT NULL without a default`,
      `an entry in columns, or a default in ${relationText(target)}`,
    ),
  );
}

const MOMENTS: ReadonlySet<string> = new Set(['timestamp', 'timestamptz', 'date']);

/** The column that marks deleted rows takes a time, and NULL while the row lives. */
function softDeleteFaults({ normal, path }: CheckedEntity, target: Relation): CatalogFault[] {
  if (!normal.deletes.startsWith('soft:')) return [];
  const column = columnOf(target, normal.deletes.slice('soft:'.length));
  if (column === undefined || (MOMENTS.has(underlying(column.typeInfo).name) && !column.notNull)) return [];
  return [
    fault(
      path('deletes'),
      `${JSON.stringify(column.name)} cannot mark deleted rows`,
      `${column.type}${column.notNull ? ' NOT NULL' : ''}`,
      'a timestamp column that may be NULL',
    ),
  ];
}
