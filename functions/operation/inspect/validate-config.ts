/** `migration-analyzer validate-config`: every fault of variables, mapping and catalogs in one error, or what holds. */
import { checkConfig, configurationError } from '../../../shared/config.ts';
import { catalogFaultText } from '../../../shared/database/map-check/faults.ts';
import { checkMap, faultsError, type CatalogFault } from '../../../shared/database/map-check/check-map.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { loadMap } from '../../../shared/entities/load-map.ts';
import type { configAnswer } from '../../../shared/operations/migration-analyzer/validate-config.ts';
import type { Invocation } from '../../step.ts';

export interface ValidateConfigRequest {
  readonly comprehensive: boolean;
}

/**
 * Without `comprehensive`, databases that cannot be reached are a note: variables and mapping were checked all the same.
 * @throws PortageError SYS002 with all faults
 */
export async function validateConfig(
  { comprehensive }: ValidateConfigRequest,
  deps: Invocation,
): Promise<ReturnType<typeof configAnswer.parse>> {
  const map = await deps.configuredMap();
  const found = await catalogFaults(map, deps, comprehensive);
  if (typeof found === 'string') return { ...holds(map), notes: [found] };
  const faults = found.filter(({ severity }) => severity === 'fault');
  if (faults.length > 0) throw faultsError(faults);
  return { ...holds(map), notes: comprehensive ? found.map((one) => `warning: ${catalogFaultText(one)}`) : [] };
}

const holds = (map: EntityMap): { valid: true; map: string; entities: string[] } => ({
  valid: true,
  map: map.name,
  entities: Object.keys(map.entities),
});

/** What both catalogs say, or why they could not be asked. */
async function catalogFaults(
  map: EntityMap,
  deps: Invocation,
  required: boolean,
): Promise<readonly CatalogFault[] | string> {
  try {
    return await deps.withSides('validate-config', [], (sides) => checkMap(sides, map));
  } catch (error) {
    if (required || !(error instanceof PortageError)) throw error;
    return `the mapping was not checked against the databases: ${error.code} ${error.message}`;
  }
}

/** The environment's faults with those of the map that it names, or null: no step can begin under it, so this comes before. */
export async function environmentFault(): Promise<PortageError | null> {
  const { faults, mapFile } = checkConfig();
  if (faults.length === 0) return null;
  const ofEnvironment = configurationError(faults);
  const ofMap = await loadMap(mapFile).then(
    () => null,
    (error: unknown) => {
      if (error instanceof PortageError) return error;
      throw error;
    },
  );
  if (ofMap === null) return ofEnvironment;
  const where = [ofEnvironment.facts.where, ofMap.facts.where].filter((place) => place !== undefined).join(', ');
  return new PortageError('SYS002', `${ofEnvironment.message}\n${ofMap.message}`, { where });
}
