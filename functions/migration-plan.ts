/** What PlanMigration asks before it opens an operation, and how it orders the entities. */
import type { PlanMigrationOutput } from '../shared/contracts/migration.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { withDependencies } from '../shared/domain/dependency-order.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import { selectEntities } from '../shared/domain/select-entities.ts';
import { deleteOrder } from '../shared/domain/delete-order.ts';
import { eventsOfMigration } from '../shared/domain/execution-room.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import { activeCheckpointError, isAlive, latestCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { type PlannedCheckpoint } from '../shared/database/ledger/planned-checkpoints.ts';
import { appliesDeletes } from '../shared/database/engine/vanished.ts';
import type { Mode } from '../shared/database/sql/decide.ts';
import { writeRates } from '../shared/database/analyze/rates.ts';
import type { Session } from '../shared/database/session.ts';
import type { CompiledEntity } from '../shared/domain/compiled/types.ts';
import { leafHasRows } from '../shared/database/sql/leaf.ts';
import type { Sides } from './dependencies.ts';
import { refuseBeyondHistory } from './history-room.ts';
import type { LanePlan } from './lane-plan.ts';

/** The waves with only the entities that take part, empty groups and waves left out; listed rows go by key, also in a circle. */
export function wavesOf(
  loaded: LoadedMap,
  entities: readonly string[],
  {
    sequential,
    listed = false,
    lanes,
  }: { readonly sequential: boolean; readonly listed?: boolean; readonly lanes: LanePlan },
): PlanMigrationOutput['waves'] {
  const chosen = new Set(entities);
  const waves = loaded.order.waves.map((wave) =>
    wave
      .map((group) => ({ entities: group.entities.filter((entity) => chosen.has(entity)), cycle: group.cycle }))
      .flatMap((group) => (listed ? group.entities.map((entity) => ({ entities: [entity], cycle: false })) : [group]))
      .filter((group) => group.entities.length > 0),
  );
  return (sequential ? waves.flatMap((wave) => wave.map((group) => [group])) : waves)
    .filter((wave) => wave.length > 0)
    .map((groups) => ({ groups, ...lanes.of(groups) }));
}

/** The entities that a request is about; with `dependencyOrder` also those that they depend on. */
export function chosenEntities(
  map: EntityMap,
  { entities, dependencyOrder }: { readonly entities: 'all' | readonly string[]; readonly dependencyOrder: boolean },
): { readonly names: readonly string[]; readonly added: readonly string[] } {
  const named = selectEntities(entities, Object.keys(map.entities));
  const names = dependencyOrder ? withDependencies(map, named) : named;
  return { names, added: names.filter((name) => !named.includes(name)) };
}

/** What is told of entities that nobody named. */
export const addedNotice = (added: readonly string[]): readonly string[] =>
  added.length === 0 ? [] : [`added, because the others depend on them: ${added.join(', ')}`];

/** Without its parent's rows a child has nothing to refer to: named before anything is written. */
export async function refuseMissingParents(
  sides: Sides,
  loaded: LoadedMap,
  entities: readonly string[],
): Promise<void> {
  const missing = await missingParents(sides, loaded, entities);
  if (missing.length > 0)
    throw new PortageError('M008', 'an entity refers to one that has no rows yet and is not part of the run', {
      got: missing.join('; '),
      expected: 'its parents too',
    });
}

/** `CHILD refers to PARENT`, where the parent has no rows yet and is not among the entities. */
export async function missingParents(
  sides: Sides,
  loaded: LoadedMap,
  entities: readonly string[],
): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const name of entities) {
    for (const { parent, nullable, onMissing } of loaded.entities.get(name)?.references ?? []) {
      if (entities.includes(parent) || (nullable && onMissing === 'null')) continue;
      const compiled = loaded.entities.get(parent);
      const there =
        compiled?.leaf &&
        (await sides.target.one<{ present: string }>(leafHasRows(compiled, { from: null, to: null }))).present ===
          'true';
      if (!there) missing.add(`${name} refers to ${parent}`);
    }
  }
  return [...missing];
}

/** @throws PortageError M001 while somebody alive owns one of the entities. */
export async function refuseActive(
  sides: Sides,
  loaded: LoadedMap,
  entities: readonly string[],
  leaseSeconds: number,
): Promise<void> {
  for (const name of entities) {
    const id = loaded.entities.get(name)?.entityId;
    const latest = id === null || id === undefined ? null : await latestCheckpoint(sides.target, id);
    if (latest && isAlive(latest, leaseSeconds)) throw activeCheckpointError(latest, leaseSeconds);
  }
}

/** @throws PortageError SYS012 where an execution of Step Functions would end before all of them had their turn */
export function refuseMoreThanFit(loaded: LoadedMap, entities: readonly string[], mode: Mode): void {
  const [waves, deletions] = [loaded.order.waves.length, deletesOf(loaded, entities, mode).length];
  refuseBeyondHistory(eventsOfMigration({ waves, groups: entities.length, deletions }), entities.length);
}

/** What is known of each entity before its turn; what a row of it costs is known from earlier runs, or guessed. */
export async function plannedWithCosts(
  target: Session,
  loaded: LoadedMap,
  names: readonly string[],
): Promise<readonly PlannedCheckpoint[]> {
  const rates = await writeRates(target, loaded.map.name);
  return names.map((name) => {
    const entity = loaded.entities.get(name);
    const { basis, rowsPerSecond } = rates(name);
    const rowCost = basis === 'measured' || entity === undefined ? 1000 / rowsPerSecond : guessedCost(entity);
    return { ...plannedOf(loaded, name), rowCost };
  });
}

/** Milliseconds that a row takes one lane, by its columns, its references and its width (measured: 0.04 for twelve columns and one reference). */
const guessedCost = ({ columns, references, source }: CompiledEntity): number =>
  0.01 + 0.0015 * columns.length + 0.003 * references.length + (source.estimatedWidth ?? 0) / 20_000;

/** What is known of an entity before its turn. */
export function plannedOf(loaded: LoadedMap, name: string): PlannedCheckpoint {
  const entity = loaded.entities.get(name);
  const estimate = entity?.source.estimatedRows ?? -1;
  return {
    entity: name,
    entityId: entity?.entityId ?? 0,
    catalogHash: loaded.catalogHash(name),
    rows: estimate < 0 ? null : estimate,
  };
}

/** Entities of which rows that the source lost are deleted or marked, in the order in which that is done. */
export const deletesOf = (loaded: LoadedMap, entities: readonly string[], mode: Mode): PlanMigrationOutput['deletes'] =>
  deleteOrder(
    [...loaded.entities.keys()],
    (name) => loaded.relations.get(name)?.target,
    (name) => {
      const entity = loaded.entities.get(name);
      return entity !== undefined && entities.includes(name) && appliesDeletes(entity, mode);
    },
  ).map((group) => ({ entities: [...group] }));
