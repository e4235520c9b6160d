/** An entity as it is checked: its mapping beside what the two catalogs know of its relations. */
import type { Relation } from '../../domain/catalog.ts';
import type { Entity, EntityMap, NormalEntity } from '../../domain/entity-map.ts';
import { normalEntity } from '../../domain/entity-map.ts';
import { pathOf } from '../../domain/map-faults.ts';
import type { SideFacts } from './side-facts.ts';
import { relationKey } from './side-facts.ts';

export interface CheckedEntity {
  readonly name: string;
  readonly entity: Entity;
  readonly normal: NormalEntity;
  /** Null: there is no such relation. */
  readonly source: Relation | null;
  readonly target: Relation | null;
  /** Row level security hides rows of it from this role: every statement on it fails (SEMANTICS 1). */
  readonly sourceHidden: boolean;
  readonly targetHidden: boolean;
  /** A trigger of the target may fill columns that the mapping leaves out. */
  readonly targetTriggered: boolean;
  readonly path: (...steps: readonly (string | number)[]) => string;
}

export const checkedEntities = (map: EntityMap, source: SideFacts, target: SideFacts): readonly CheckedEntity[] =>
  Object.entries(map.entities).map(([name, entity]) => {
    const normal = normalEntity(map, name);
    const [from, to] = [relationKey(normal.source.relation), relationKey(normal.target.relation)];
    return {
      name,
      entity,
      normal,
      source: source.relations.get(from) ?? null,
      target: target.relations.get(to) ?? null,
      sourceHidden: source.hidden.has(from),
      targetHidden: target.hidden.has(to),
      targetTriggered: target.filledByTrigger.has(to),
      path: (...steps) => pathOf('entities', name, ...steps),
    };
  });

export interface NamedColumn {
  readonly path: string;
  readonly column: string;
}

/** Every source column that the mapping names as such, outside of SQL. */
export function namedSourceColumns({ entity, path }: CheckedEntity): readonly NamedColumn[] {
  const { key, updatedAt } = entity.source;
  return [
    ...key.map((column, i) => ({ path: path('source', 'key', i), column })),
    ...(updatedAt === undefined ? [] : [{ path: path('source', 'updatedAt'), column: updatedAt }]),
    ...Object.entries(entity.columns).flatMap(([target, source]): NamedColumn[] => {
      if (typeof source === 'string') return [{ path: path('columns', target), column: source }];
      if (!('from' in source)) return [];
      if (typeof source.from === 'string') return [{ path: path('columns', target, 'from'), column: source.from }];
      return source.from.map((column, i) => ({ path: path('columns', target, 'from', i), column }));
    }),
  ];
}

/** The source column that a target column copies, or null. */
export function copiedColumn({ entity }: CheckedEntity, target: string): string | null {
  const source = Object.hasOwn(entity.columns, target) ? entity.columns[target] : undefined;
  if (typeof source === 'string') return source;
  return source !== undefined && 'from' in source && typeof source.from === 'string' ? source.from : null;
}
