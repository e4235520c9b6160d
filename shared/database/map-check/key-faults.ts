/** Keys that do not name one row, and key columns that nothing can fill. */
import { columnOf, provenKeys, relationText, wholeKeys, type UniqueKey } from '../../domain/catalog.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { fault, warning, type CatalogFault } from './faults.ts';

export const keyFaults = (checked: CheckedEntity): CatalogFault[] => [
  ...sourceKeyFaults(checked),
  ...targetKeyFaults(checked),
  ...identityFaults(checked),
];

const keyText = (columns: readonly string[]): string => `(${columns.join(', ')})`;

/** Any unique key within the columns makes the whole list unique. */
function sourceKeyFaults({ source, normal, path }: CheckedEntity): CatalogFault[] {
  const { key } = normal.source;
  if (source === null || key.some((column) => columnOf(source, column) === undefined)) return [];
  if (provenKeys(source).some(({ columns }) => columns.every((column) => key.includes(column)))) return [];
  return [
    warning(
      path('source', 'key'),
      'nothing in the source makes this key unique: rows that share a key are set aside, all of them',
      `${keyText(key)} of ${relationText(source)}`,
      'a primary key or a unique index without a condition',
    ),
  ];
}

function targetKeyFaults({ target, normal, path }: CheckedEntity): CatalogFault[] {
  const { key } = normal.target;
  if (target === null || key.some((column) => columnOf(target, column) === undefined)) return [];
  const faults: CatalogFault[] = [];
  const known = wholeKeys(target);
  const isKey = ({ columns }: UniqueKey): boolean => columns.every((column) => key.includes(column));
  // A unique key of a partitioned table has to hold the columns by which it is divided as well.
  const isKeyOfPartitions = ({ columns }: UniqueKey): boolean =>
    target.kind === 'partitioned' && key.every((column) => columns.includes(column));
  if (!known.some(isKey)) {
    const candidates = known.map(({ columns }) => keyText(columns));
    const expected =
      candidates.length === 0
        ? `a primary key of ${relationText(target)}, which has none`
        : `one of ${candidates.join(', ')}`;
    faults.push(
      known.some(isKeyOfPartitions)
        ? warning(
            path('target', 'key'),
            'the key is unique within a partition only: nothing in the target keeps two partitions from holding it',
            keyText(key),
            expected,
          )
        : fault(
            path('target', 'key'),
            'a key without uniqueness: no primary key or unique index of the target is within these columns',
            keyText(key),
            expected,
          ),
    );
  }
  const [only, ...more] = key;
  const column = only === undefined ? undefined : columnOf(target, only);
  // Several columns that are not all filled are found without a database.
  if (normal.surrogateKey && more.length === 0 && column !== undefined && !isUuid(column.typeInfo)) {
    faults.push(
      fault(
        path('target', 'key'),
        'nothing fills the key: only a uuid column gets its value from the UUID mapping',
        `${column.name} of type ${column.type}`,
        `${JSON.stringify(column.name)} in columns, or a key of one uuid column`,
      ),
    );
  }
  return faults;
}

const isUuid = (type: { readonly builtin: boolean; readonly name: string }): boolean =>
  type.builtin && type.name === 'uuid';

/** The key that the mapping gives says nothing about a row that was there before. */
function identityFaults({ entity, path }: CheckedEntity): CatalogFault[] {
  return (entity.target.identity ?? []).flatMap((column, i) =>
    entity.target.key.includes(column) && !Object.hasOwn(entity.columns, column)
      ? [
          fault(
            path('target', 'identity', i),
            'the key that comes from the UUID mapping cannot say which source row a target row stands for',
            column,
            'columns that the mapping fills',
          ),
        ]
      : [],
  );
}
