/** The map compiled for a command that compares rows with the ledger: entities that were never migrated have nothing to compare. */
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import { loadMap } from '../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { checkMap, faultsError } from '../shared/database/map-check/check-map.ts';
import type { CompiledEntity } from '../shared/domain/compiled/types.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import type { Sides } from './dependencies.ts';

/** @throws PortageError SYS002 with every fault of the map */
export async function soundMap(sides: Sides, map: EntityMap): Promise<LoadedMap> {
  const faults = (await checkMap(sides, map)).filter((fault) => fault.severity === 'fault');
  if (faults.length > 0) throw faultsError(faults);
  return loadMap(sides.source, sides.target, map, (await ledgerVersion(sides.target)) > 0 ? 'read' : 'none');
}

/** Splits the names into entities that the ledger knows, and those of which nothing was ever migrated. */
export function knownOf(
  loaded: LoadedMap,
  names: readonly string[],
): { readonly known: readonly string[]; readonly notes: readonly string[] } {
  const isKnown = (name: string): boolean => typeof loaded.entities.get(name)?.entityId === 'number';
  return {
    known: names.filter(isKnown),
    notes: names.filter((name) => !isKnown(name)).map((name) => `${name}: nothing was ever migrated`),
  };
}

export const compiledOf = (loaded: LoadedMap, name: string): CompiledEntity => {
  const entity = loaded.entities.get(name);
  if (!entity) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  return entity;
};

/** Lets unqualified names of the entity's expressions mean tables of its own schema. */
export const speakOf = (sides: Sides, entity: CompiledEntity): Promise<number> =>
  sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
