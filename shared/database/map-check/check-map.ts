/**
 * Everything that can be known to be wrong with a mapping before a row is read: first what the map alone shows, then what
 * both catalogs and both servers say of it. All faults at once: who corrects a mapping fault by fault gives up.
 */
import { relationText } from '../../domain/catalog.ts';
import type { EntityMap } from '../../domain/entity-map.ts';
import { normalEntities } from '../../domain/entity-map.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { mapFaults } from '../../domain/map-faults.ts';
import type { Session } from '../session.ts';
import { checkedEntities, type CheckedEntity } from './checked-entity.ts';
import { columnFaults } from './column-faults.ts';
import { expressionsOf } from './expressions.ts';
import { fault, type CatalogFault } from './faults.ts';
import { keyFaults } from './key-faults.ts';
import { nameFaults } from './name-faults.ts';
import { referenceFaults } from './reference-faults.ts';
import { sharedFaults } from './shared-faults.ts';
import { readSideFacts } from './side-facts.ts';
import { sourceFaults } from './source-faults.ts';
import { targetFaults } from './target-faults.ts';
import { volatilityFaults } from './volatility.ts';

export { faultsError, type CatalogFault } from './faults.ts';

/**
 * All faults and warnings of the map, in its order. Reads catalogs and plans, and no row of either database.
 * @throws PortageError when a database could not be asked
 */
export async function checkMap(
  sides: { readonly source: Session; readonly target: Session },
  map: EntityMap,
): Promise<CatalogFault[]> {
  const normal = normalEntities(map);
  const [source, target] = await Promise.all([
    readSideFacts(
      sides.source,
      normal.map((entity) => entity.source.relation),
    ),
    readSideFacts(
      sides.target,
      normal.map((entity) => entity.target.relation),
    ),
  ]);
  const entities = checkedEntities(map, source, target);
  const types = new Set((await sides.source.rows<{ name: string }>(TYPES)).map(({ name }) => name));
  const sourceHasType = (name: string): boolean => types.has(name);
  const [ofSource, ofTarget] = await Promise.all([
    expressionFaults(sides.source, entities, sourceHasType),
    castFaults(sides.target, entities, sourceHasType),
  ]);
  const shared = await sharedFaults(sides.target, entities);
  return [
    ...mapFaults(map).map((found): CatalogFault => ({ severity: 'fault', ...found })),
    ...entities.flatMap((entity) => [
      ...nameFaults(entity, { source, target }),
      ...hiddenFaults(entity),
      ...keyFaults(entity),
      ...columnFaults(entity),
      ...(ofSource.get(entity.name) ?? []),
      ...(ofTarget.get(entity.name) ?? []),
    ]),
    ...referenceFaults(entities),
    ...shared,
  ];
}

type FaultsByEntity = ReadonlyMap<string, readonly CatalogFault[]>;

const TYPES = "SELECT typname AS name FROM pg_catalog.pg_type WHERE typnamespace = 'pg_catalog'::regnamespace";

/** Each entity's expressions under the search_path that the engine gives it; the session's own is put back. */
async function expressionFaults(
  source: Session,
  entities: readonly CheckedEntity[],
  sourceHasType: (name: string) => boolean,
): Promise<FaultsByEntity> {
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  const faults = new Map<string, readonly CatalogFault[]>();
  const { path } = await source.one<{ path: string }>("SELECT current_setting('search_path') AS path");
  try {
    for (const entity of entities) {
      await source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.normal.source.relation.schema)}`);
      const judged = await sourceFaults(source, entity, expressionsOf(entity, byName, sourceHasType));
      faults.set(entity.name, [...judged.faults, ...(await volatilityFaults(source, entity, judged.sound))]);
    }
  } finally {
    await source.run("SELECT set_config('search_path', $1, false)", [path]);
  }
  return faults;
}

async function castFaults(
  target: Session,
  entities: readonly CheckedEntity[],
  sourceHasType: (name: string) => boolean,
): Promise<FaultsByEntity> {
  const faults = new Map<string, readonly CatalogFault[]>();
  for (const entity of entities) faults.set(entity.name, await targetFaults(target, entity, sourceHasType));
  return faults;
}

/** With row_security off such a filter is an error of every statement: nothing could be migrated (SEMANTICS 1). */
function hiddenFaults({ normal, sourceHidden, targetHidden, path }: CheckedEntity): CatalogFault[] {
  const hidden = (side: 'source' | 'target'): CatalogFault =>
    fault(
      path(side, 'table'),
      `row level security of ${relationText(normal[side].relation)} would hide rows from this role`,
      'a role without BYPASSRLS',
      'BYPASSRLS for the role, or its ownership of the table',
    );
  return [...(sourceHidden ? [hidden('source')] : []), ...(targetHidden ? [hidden('target')] : [])];
}
