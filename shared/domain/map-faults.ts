/**
 * What can be wrong with a mapping whose form is right, found without a database: names that lead nowhere, keys that
 * cannot be filled, rules that cannot work. What needs the catalogs is found elsewhere and reported in the same form.
 */
import type { ColumnSource, Entity, EntityMap } from './entity-map.ts';
import { suggestion } from './nearest-name.ts';

export interface Fault {
  /** Where, as one would type it: `entities.orders.columns.patient_id.ref`. */
  readonly path: string;
  readonly message: string;
  readonly got?: string;
  readonly expected?: string;
}

/** Names that the commands keep for themselves: `--entities all`, and `--entities test`, the connection probe. */
const RESERVED = new Set(['all', 'test']);

/** A name as one step of a path; names with dots or blanks are put in brackets. */
export const pathOf = (...steps: readonly (string | number)[]): string =>
  steps
    .map((step, i) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w$-]+$/.test(step)
          ? i === 0
            ? step
            : `.${step}`
          : `[${JSON.stringify(step)}]`,
    )
    .join('');

/** An own entry only: `constructor` is a good column name, and every object has one. */
const columnNamed = (columns: Entity['columns'], name: string): ColumnSource | undefined =>
  Object.hasOwn(columns, name) ? columns[name] : undefined;

const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/**
 * All semantic faults of a map, in the order of the map. `names` are the entities that the map has, also those that are
 * left out of `map.entities` because their form is wrong; a reference to one of those is no fault of its own.
 */
export function mapFaults(
  map: Pick<EntityMap, 'entities'>,
  names: readonly string[] = Object.keys(map.entities),
): Fault[] {
  const entities = Object.entries(map.entities);
  return [
    ...entities.flatMap(([name, entity]) => [
      ...nameFaults(name),
      ...keyFaults(name, entity),
      ...identityFaults(name, entity),
      ...Object.entries(entity.columns).flatMap(([column, source]) =>
        referenceFaults(map, names, name, column, source),
      ),
      ...ruleFaults(name, entity),
    ]),
    ...sharedTargetFaults(entities),
  ];
}

function nameFaults(name: string): Fault[] {
  if (!RESERVED.has(name)) return [];
  return [
    {
      path: pathOf('entities', name),
      message: `the name ${JSON.stringify(name)} is kept for --entities ${name}`,
      got: name,
      expected: 'another name',
    },
  ];
}

function duplicates(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

const repeated = (path: string, names: readonly string[]): Fault[] =>
  duplicates(names).map((name) => ({
    path,
    message: `the column ${JSON.stringify(name)} is named twice`,
    got: list(names),
    expected: 'each column once',
  }));

/** The target's key comes from the mapping when it is one unmapped column; else the columns must fill it (DESIGN). */
function keyFaults(name: string, { source, target, columns }: Entity): Fault[] {
  const missing = target.key.filter((column) => !Object.hasOwn(columns, column));
  const path = pathOf('entities', name, 'target', 'key');
  const faults = [...repeated(pathOf('entities', name, 'source', 'key'), source.key), ...repeated(path, target.key)];
  if (missing.length > 0 && target.key.length > 1) {
    faults.push({
      path,
      message: `${missing.length === 1 ? 'a column' : 'columns'} of a key of several columns that nothing fills`,
      got: `${list(missing)} not in columns`,
      expected: 'every key column in columns, or a key of one uuid column',
    });
  }
  for (const column of target.key) {
    const filled = columnNamed(columns, column);
    if (typeof filled === 'object' && 'ref' in filled && filled.onMissing === 'null') {
      faults.push({
        path: pathOf('entities', name, 'columns', column, 'onMissing'),
        message: 'a key column cannot be NULL',
        got: '"null"',
        expected: '"setAside"',
      });
    }
  }
  return faults;
}

function identityFaults(name: string, { target, columns }: Entity): Fault[] {
  const known = [...Object.keys(columns), ...target.key];
  const path = (i: number): string => pathOf('entities', name, 'target', 'identity', i);
  const unknown = (target.identity ?? []).flatMap((column, i) =>
    known.includes(column)
      ? []
      : [
          {
            path: path(i),
            message: `the identity column ${JSON.stringify(column)} is not mapped${suggestion(column, known)}`,
            got: column,
            expected: 'a column named in columns or in target.key',
          },
        ],
  );
  return [...unknown, ...repeated(pathOf('entities', name, 'target', 'identity'), target.identity ?? [])];
}

function referenceFaults(
  map: Pick<EntityMap, 'entities'>,
  names: readonly string[],
  name: string,
  column: string,
  source: ColumnSource,
): Fault[] {
  if (typeof source === 'string' || !('ref' in source)) return [];
  const path = (last: string): string => pathOf('entities', name, 'columns', column, last);
  if (!names.includes(source.ref)) {
    return [
      {
        path: path('ref'),
        message: `there is no entity ${JSON.stringify(source.ref)}${suggestion(source.ref, names)}`,
        got: source.ref,
        expected: `one of ${names.join(', ')}`,
      },
    ];
  }
  const parent = Object.hasOwn(map.entities, source.ref) ? map.entities[source.ref] : undefined;
  if (parent === undefined) return [];
  const faults: Fault[] = [];
  const given = 'sql' in source ? 1 : source.from.length;
  if (given !== parent.source.key.length) {
    faults.push({
      path: path('sql' in source ? 'sql' : 'from'),
      message: `the key of ${source.ref} has ${parent.source.key.length} column${parent.source.key.length === 1 ? '' : 's'}, the reference gives ${given}`,
      got: 'sql' in source ? 'sql, which gives one value' : list(source.from),
      expected: `"from" with a column for each of ${list(parent.source.key)}, in that order`,
    });
  }
  if (parent.target.key.length > 1) {
    faults.push({
      path: path('ref'),
      message: `${source.ref} has a target key of ${parent.target.key.length} columns, and one column cannot hold it`,
      got: `${source.ref} with target.key ${list(parent.target.key)}`,
      expected: 'an entity with a target key of one column',
    });
  }
  return faults;
}

function ruleFaults(name: string, { source, target, columns, deletes, conflicts }: Entity): Fault[] {
  const faults: Fault[] = [];
  const soft = deletes?.startsWith('soft:') === true ? deletes.slice('soft:'.length) : null;
  if (soft !== null && (Object.hasOwn(columns, soft) || target.key.includes(soft))) {
    faults.push({
      path: pathOf('entities', name, 'deletes'),
      message: `the column ${JSON.stringify(soft)} that marks deleted rows is filled by the mapping`,
      got: `${soft} in ${Object.hasOwn(columns, soft) ? 'columns' : 'target.key'}`,
      expected: 'a timestamp column of the target that is not mapped',
    });
  }
  const strategies = (conflicts ?? 'manual').split(' then ');
  const path = pathOf('entities', name, 'conflicts');
  if (strategies.length === 2 && strategies[0] === strategies[1]) {
    faults.push({
      path,
      message: 'the second strategy is the first again',
      got: conflicts ?? '',
      expected: 'another strategy after "then"',
    });
  }
  if (strategies.includes('newest_wins')) {
    const missing = [
      ...(source.updatedAt === undefined ? ['source.updatedAt'] : []),
      ...(target.updatedAt === undefined ? ['target.updatedAt'] : []),
    ];
    if (missing.length > 0)
      faults.push({
        path,
        message: 'newest_wins compares the updatedAt of both sides',
        got: `no ${missing.join(', no ')}`,
        expected: 'source.updatedAt and target.updatedAt',
      });
  }
  return faults;
}

/** SEMANTICS 10: of two entities that write one table, constants among the identity columns say whose a row is. */
function sharedTargetFaults(entities: readonly (readonly [string, Entity])[]): Fault[] {
  return entities.flatMap(([name, entity], i) =>
    entities
      .slice(0, i)
      .filter(([, other]) => tableOf(other) === tableOf(entity) && !distinguished(entity, other))
      .map(([otherName]) => ({
        path: pathOf('entities', name, 'target', 'identity'),
        message: `${otherName} and ${name} write the same table, and nothing says whose a row is`,
        got: `both ${entity.target.table}`,
        expected: 'an identity column in both that is a {"value": ...}, with another value in each',
      })),
  );
}

const tableOf = ({ target }: Entity): string => (target.table.includes('.') ? target.table : `public.${target.table}`);

function constants({ target, columns }: Entity): ReadonlyMap<string, string> {
  const identity = target.identity ?? target.key;
  return new Map(
    identity.flatMap((column) => {
      const source = columnNamed(columns, column);
      return typeof source === 'object' && 'value' in source && source.value !== null
        ? [[column, String(source.value)] as const]
        : [];
    }),
  );
}

function distinguished(a: Entity, b: Entity): boolean {
  const others = constants(b);
  return [...constants(a)].some(([column, value]) => others.has(column) && others.get(column) !== value);
}
