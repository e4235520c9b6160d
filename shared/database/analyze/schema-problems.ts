/** What both catalogs show beside the faults of a map (map-check): columns that nobody takes along, and indexes that are missed. */
import { relationText, type Relation } from '../../domain/catalog.ts';
import type { NormalEntity } from '../../domain/entity-map.ts';
import type { LoadedMap } from '../engine/load-entities.ts';
import { sqlTokens } from '../map-check/sql-tokens.ts';

export interface Problem {
  readonly severity: 'fault' | 'warning' | 'note';
  readonly path: string;
  readonly message: string;
  readonly got?: string;
  readonly expected?: string;
}

/** Names that the SQL may mean by a column; `*` where it takes the row as a whole. */
function namesIn(sql: string): ReadonlySet<string> {
  const { tokens } = sqlTokens(sql);
  return new Set(
    tokens.flatMap(({ kind, text }, i) => {
      if (kind === 'quoted') return [text.slice(1, -1).replaceAll('""', '"')];
      if (kind !== 'word') return text === '*' && tokens[i - 1]?.text === '.' ? ['*'] : [];
      const isRow = text.toLowerCase() === 's' && tokens[i + 1]?.text !== '.';
      return isRow ? ['*'] : [text.toLowerCase()];
    }),
  );
}

function usedBy(entity: NormalEntity): ReadonlySet<string> {
  const { key, where, updatedAt } = entity.source;
  const sql = entity.columns.flatMap((column) =>
    column.kind === 'constant' ? [] : column.kind === 'reference' ? column.sql : [column.sql],
  );
  return new Set([
    ...key,
    ...(updatedAt === null ? [] : [updatedAt]),
    ...[...sql, ...(where === null ? [] : [where])].flatMap((text) => [...namesIn(text)]),
  ]);
}

export function schemaProblems(loaded: LoadedMap, names: readonly string[]): readonly Problem[] {
  const entities = [...loaded.entities.values()];
  const shared = new Map<string, Set<string>>();
  for (const { name, normal } of entities) {
    const relation = loaded.relations.get(name)?.source;
    if (relation === undefined) continue;
    const used = shared.get(relationText(relation)) ?? new Set<string>();
    for (const column of usedBy(normal)) used.add(column);
    shared.set(relationText(relation), used);
  }
  return names.flatMap((name) => {
    const entity = loaded.entities.get(name);
    const pair = loaded.relations.get(name);
    if (!entity || !pair) return [];
    return [
      ...unmapped(name, pair.source, shared.get(relationText(pair.source)) ?? new Set()),
      ...indexes(name, entity.normal, pair),
    ];
  });
}

function unmapped(name: string, source: Relation, used: ReadonlySet<string>): readonly Problem[] {
  if (used.has('*')) return [];
  const left = source.columns.filter((column) => !used.has(column.name)).map((column) => column.name);
  if (left.length === 0) return [];
  return [
    {
      severity: 'note',
      path: `entities.${name}.columns`,
      message: `columns of ${relationText(source)} that no entity takes along`,
      got: left.join(', '),
    },
  ];
}

function indexes(
  name: string,
  normal: NormalEntity,
  { source, target }: { readonly source: Relation; readonly target: Relation },
): readonly Problem[] {
  const leads = (relation: Relation, columns: readonly string[]): boolean =>
    relation.indexes.some(({ columns: [first] }) => typeof first === 'string' && columns.includes(first));
  const missing = (path: string, relation: Relation, columns: readonly string[], why: string): readonly Problem[] =>
    relation.kind === 'view' || relation.kind === 'foreign' || columns.length === 0 || leads(relation, columns)
      ? []
      : [
          {
            severity: 'warning',
            path: `entities.${name}.${path}`,
            message: why,
            got: `no index of ${relationText(relation)} that begins with one of ${columns.join(', ')}`,
            expected: `CREATE INDEX ON ${relationText(relation)} (${columns.join(', ')})`,
          },
        ];
  return [
    ...missing(
      'source.key',
      source,
      normal.source.key,
      'the key has no index in the source: every slice reads the whole table',
    ),
    ...missing(
      'target.identity',
      target,
      normal.target.identity,
      'the identity has no index in the target: looking for rows that are there reads the whole table',
    ),
  ];
}
