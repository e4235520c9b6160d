/** Names of a mapping that one of the databases does not have, each with the name that was probably meant. */
import { columnOf, relationText, type Relation } from '../../domain/catalog.ts';
import { suggestion } from '../../domain/nearest-name.ts';
import { namedSourceColumns, type CheckedEntity, type NamedColumn } from './checked-entity.ts';
import { fault, type CatalogFault } from './faults.ts';
import type { SideFacts } from './side-facts.ts';

export function nameFaults(checked: CheckedEntity, sides: { source: SideFacts; target: SideFacts }): CatalogFault[] {
  const { source, target, normal } = checked;
  const unknownTable = (side: 'source' | 'target'): CatalogFault => {
    const name = relationText(normal[side].relation);
    return fault(
      checked.path(side, 'table'),
      `the ${side} has no table or view ${JSON.stringify(name)}${suggestion(name, sides[side].names)}`,
      name,
      `a table or view of the ${side} database`,
    );
  };
  return [
    ...(source === null ? [unknownTable('source')] : unknownColumns(source, namedSourceColumns(checked))),
    ...(target === null ? [unknownTable('target')] : unknownColumns(target, namedTargetColumns(checked))),
  ];
}

/** A name that stands in `columns` is reported there alone. */
function namedTargetColumns({ entity, path }: CheckedEntity): readonly NamedColumn[] {
  const { key, updatedAt } = entity.target;
  const soft = entity.deletes?.startsWith('soft:') === true ? entity.deletes.slice('soft:'.length) : undefined;
  return [
    ...key.flatMap((column, i) =>
      Object.hasOwn(entity.columns, column) ? [] : [{ path: path('target', 'key', i), column }],
    ),
    ...(updatedAt === undefined ? [] : [{ path: path('target', 'updatedAt'), column: updatedAt }]),
    ...Object.keys(entity.columns).map((column) => ({ path: path('columns', column), column })),
    ...(soft === undefined ? [] : [{ path: path('deletes'), column: soft }]),
  ];
}

function unknownColumns(relation: Relation, named: readonly NamedColumn[]): CatalogFault[] {
  const known = relation.columns.map(({ name }) => name);
  return named.flatMap(({ path, column }) =>
    columnOf(relation, column) === undefined
      ? [
          fault(
            path,
            `${relationText(relation)} has no column ${JSON.stringify(column)}${suggestion(column, known)}`,
            column,
            `a column of ${relationText(relation)}: ${known.join(', ')}`,
          ),
        ]
      : [],
  );
}
