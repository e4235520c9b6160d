/**
 * A schema that changes: between two runs it is said, during a run it is an error with a name. Statements are compiled
 * against the catalogs once; what they then do on another schema would at best be refused with words that help nobody.
 */
import { loadMap } from '../shared/database/engine/load-entities.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import type { Session } from '../shared/database/session.ts';
import { PortageError } from '../shared/domain/errors.ts';
import type { Sides } from './dependencies.ts';
import type { Invocation } from './step.ts';

const changed = (entity: string, got: string, cause?: unknown): PortageError =>
  new PortageError(
    'M015',
    `the schema of ${entity} changed while it was being migrated`,
    { where: entity, got, expected: 'the tables as they were when the run was planned' },
    { cause },
  );

/** A container that joins a run compiles against the schema of that moment. @throws PortageError M015 when it is another one. */
export function refuseDrift(loaded: LoadedMap, entity: string, plannedHash: string): void {
  if (loaded.catalogHash(entity) !== plannedHash) throw changed(entity, 'other columns, types or keys');
}

/** Why the map no longer fits, or null where the schema is what it was. */
async function driftOf(sides: Sides, loaded: LoadedMap, entity: string): Promise<string | null> {
  try {
    const now = await loadMap(sides.source, sides.target, loaded.map, 'read');
    return now.catalogHash(entity) === loaded.catalogHash(entity) ? null : 'other columns, types or keys';
  } catch (error) {
    if (error instanceof PortageError && error.code === 'SYS002')
      return `${error.message} (${error.facts.where ?? error.facts.got ?? ''})`;
    throw error;
  }
}

/** Does the work; where a database refuses a statement because the schema changed, says so. */
export async function tellingDrift<T>(
  deps: Invocation,
  loaded: LoadedMap,
  entities: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PortageError) || error.code !== 'SYS007') throw error;
    for (const entity of entities) {
      const drift = await deps.withSides('drift', [], (sides) => driftOf(sides, loaded, entity));
      if (drift !== null) throw changed(entity, `${drift}: ${error.message}`, error);
    }
    throw error;
  }
}

/** Entities whose schema is another than at the end of their last run, one note each. */
export async function driftNotes(target: Session, loaded: LoadedMap, entities: readonly string[]): Promise<string[]> {
  const notes: string[] = [];
  for (const name of entities) {
    const last = await target.maybeOne<{ operation_id: string; catalog_hash: string }>(
      `SELECT operation_id, catalog_hash FROM portage.migration_checkpoints WHERE entity_id = $1 AND status LIKE 'completed%' ORDER BY created_at DESC LIMIT 1`,
      [loaded.entities.get(name)?.entityId],
    );
    if (last && last.catalog_hash !== loaded.catalogHash(name))
      notes.push(`${name}: the schema of its tables changed since ${last.operation_id}`);
  }
  return notes;
}
