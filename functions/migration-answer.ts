/** What the answers of a run and of a dry run have in common. */
import type { FinishMigrationOutput } from '../shared/contracts/migration.ts';
import { absentKeys } from '../shared/database/engine/listed.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import type { Sides } from './dependencies.ts';

/** Of named rows: those that the source does not have. */
export async function absentIn(
  sides: Sides,
  loaded: LoadedMap,
  name: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const entity = loaded.entities.get(name);
  if (!entity) return [];
  await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  return absentKeys(sides.source, entity, keys);
}

export const withNotFound = (keys: readonly string[]): { notFound?: string[] } =>
  keys.length === 0 ? {} : { notFound: [...keys] };

export const statusOf = (
  entities: FinishMigrationOutput['entities'],
  notFound: readonly string[],
): 'completed' | 'completed_with_findings' =>
  notFound.length > 0 || Object.values(entities).some((counts) => counts.setAside > 0 || counts.conflicts > 0)
    ? 'completed_with_findings'
    : 'completed';
