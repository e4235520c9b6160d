/** The entities of a map, compiled against both catalogs as they are now, in the order in which they are loaded. */
import { createHash } from 'node:crypto';
import type { Relation } from '../../domain/catalog.ts';
import { columnOf } from '../../domain/catalog.ts';
import type { EntityFacts } from '../../domain/compiled/key-forms.ts';
import { compileEntity } from '../../domain/compiled/compile-entity.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { EntityMap, NormalEntity, RelationName } from '../../domain/entity-map.ts';
import { normalEntities } from '../../domain/entity-map.ts';
import { PortageError } from '../../domain/errors.ts';
import type { LoadOrder, Reference } from '../../domain/waves.ts';
import { loadOrder } from '../../domain/waves.ts';
import { readRelations } from '../catalog/read-relations.ts';
import { entityIds, registerEntity } from '../ledger/entities.ts';
import type { Session } from '../session.ts';

export interface LoadedMap {
  readonly map: EntityMap;
  readonly order: LoadOrder;
  readonly entities: ReadonlyMap<string, CompiledEntity>;
  readonly relations: ReadonlyMap<string, { readonly source: Relation; readonly target: Relation }>;
  /** Of both schemas as the entity sees them: drift shows in it. */
  readonly catalogHash: (entity: string) => string;
}

export const mapHash = (map: EntityMap): string => createHash('sha256').update(JSON.stringify(map)).digest('hex');

const find = (relations: readonly Relation[], name: RelationName): Relation | undefined =>
  relations.find((r) => r.schema === name.schema && r.name === name.name);

/** @throws PortageError SYS002 naming every relation of the map that is not there. */
function relationsOf(
  entities: readonly NormalEntity[],
  source: readonly Relation[],
  target: readonly Relation[],
): ReadonlyMap<string, { source: Relation; target: Relation }> {
  const missing: string[] = [];
  const found = entities.map((entity) => {
    const pair = { source: find(source, entity.source.relation), target: find(target, entity.target.relation) };
    if (!pair.source)
      missing.push(
        `entities.${entity.name}.source.table: ${entity.source.relation.schema}.${entity.source.relation.name}`,
      );
    if (!pair.target)
      missing.push(
        `entities.${entity.name}.target.table: ${entity.target.relation.schema}.${entity.target.relation.name}`,
      );
    return [entity.name, pair] as const;
  });
  if (missing.length > 0)
    throw new PortageError('SYS002', 'tables of the map do not exist', {
      got: missing.join('; '),
      expected: 'tables or views of the two databases',
    });
  return new Map(found as readonly (readonly [string, { source: Relation; target: Relation }])[]);
}

/** What the compiled statements rest on. An index or a trigger that comes or goes is no other schema. */
const schemaOf = ({ kind, columns, primaryKey }: Relation): unknown => ({ kind, columns, primaryKey });

const referencesOf = (
  entities: readonly NormalEntity[],
  relations: ReadonlyMap<string, { target: Relation }>,
): Reference[] =>
  entities.flatMap((entity) =>
    entity.columns.flatMap((column) => {
      if (column.kind !== 'reference') return [];
      const target = relations.get(entity.name)?.target;
      const nullable = target !== undefined && columnOf(target, column.column)?.notNull === false;
      return [{ child: entity.name, parent: column.parent, column: column.column, nullable }];
    }),
  );

/**
 * Reads both catalogs and compiles every entity.
 * @param register gives entities their numbers and leaves in the ledger; without it (a dry run) unknown ones have none
 */
export async function loadMap(
  source: Session,
  target: Session,
  map: EntityMap,
  ledger: 'none' | 'read' | 'register',
): Promise<LoadedMap> {
  const normal = normalEntities(map);
  const [ofSource, ofTarget] = await Promise.all([
    readRelations(
      source,
      normal.map((e) => e.source.relation),
    ),
    readRelations(
      target,
      normal.map((e) => e.target.relation),
    ),
  ]);
  const relations = relationsOf(normal, ofSource, ofTarget);
  const order = loadOrder(
    normal.map((e) => e.name),
    referencesOf(normal, relations),
  );
  const types = new Set(
    (
      await source.rows<{ name: string }>(
        "SELECT typname AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace",
      )
    ).map((row) => row.name),
  );

  const compileAll = (ids: ReadonlyMap<string, number>): Map<string, CompiledEntity> => {
    const facts = new Map<string, EntityFacts>(
      normal.map((entity) => {
        const pair = relations.get(entity.name);
        if (!pair) throw new PortageError('SYS008', `no relations of ${entity.name}`);
        return [entity.name, { normal: entity, ...pair, entityId: ids.get(entity.name) ?? null }];
      }),
    );
    const context = {
      facts,
      cut: order.cut,
      sourceVersion: source.serverVersion,
      targetVersion: target.serverVersion,
      sourceHasType: (name: string) => types.has(name),
    };
    return new Map(normal.map((entity) => [entity.name, compileEntity(context, entity.name)]));
  };

  let ids = ledger === 'none' ? new Map<string, number>() : await entityIds(target, map.name);
  let entities = compileAll(ids);
  if (ledger === 'register') {
    const missing = normal.filter((entity) => !ids.has(entity.name));
    for (const { name } of missing) {
      const entity = entities.get(name);
      if (entity) await registerEntity(target, map.name, entity);
    }
    if (missing.length > 0) {
      ids = await entityIds(target, map.name);
      entities = compileAll(ids);
    }
  }
  const catalogHash = (name: string): string => {
    const pair = relations.get(name);
    return createHash('sha256')
      .update(JSON.stringify(pair === undefined ? null : [schemaOf(pair.source), schemaOf(pair.target)]))
      .digest('hex');
  };
  return { map, order, entities, relations, catalogHash };
}
