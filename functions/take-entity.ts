/** Takes an entity for an operation before anything is planned or read: whose it is, and that its bases are comparable. */
import { bringOverBases } from '../shared/database/ledger/bases.ts';
import { beat, checkpointsOf, claimEntity, type Checkpoint } from '../shared/database/ledger/checkpoints.ts';
import type { Session } from '../shared/database/session.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { entityOf } from './entity-worker.ts';
import { refuseDrift, tellingDrift } from './schema-drift.ts';
import type { Invocation } from './step.ts';
import { isOwner, ownerOf } from '../shared/domain/owner.ts';

/** Steps before and after the slices work under this number. */
const NO_SLICE = -1;

/** Claims the entity and does the work with its checkpoint. @throws PortageError M001 while somebody alive owns it */
export async function takeEntity<T>(
  sides: Sides,
  loaded: LoadedOperation,
  name: string,
  deps: Invocation,
  work: (checkpoint: Checkpoint) => Promise<T>,
): Promise<T> {
  const entity = entityOf(loaded, name);
  await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  const checkpoint = await claimEntity(sides.target, {
    operation: loaded.operation,
    entity: name,
    entityId: entity.entityId ?? 0,
    owner: ownerOf(loaded.operation.execution, deps.host),
    catalogHash: loaded.catalogHash(name),
    leaseSeconds: deps.config.leaseSeconds,
  });
  refuseDrift(loaded, name, checkpoint.catalogHash);
  return tellingDrift(deps, loaded, [name], async () => {
    await beat(sides.target, checkpoint.id, NO_SLICE, deps.host);
    // Now that nobody else writes it.
    await bringOverBases(sides, entity);
    return work(checkpoint);
  });
}

/**
 * Children of an entity that failed in this run would only be set aside in numbers: they wait for the next. Most parents had
 * their turn before, and what they say is of this execution. One that has its turn later, where entities refer to each other,
 * may still say what became of it before the operation was taken up again, which is no reason to wait.
 * @param later the execution at work, and the entities that do not have their turn before this one
 */
export async function refuseAfterFailedParent(
  target: Session,
  operationId: string,
  entity: string,
  parents: readonly string[],
  later?: { readonly execution: string; readonly entities: readonly string[] },
): Promise<void> {
  const isPast = (c: Checkpoint): boolean =>
    later?.entities.includes(c.entity) === true && !isOwner(c.owner, later.execution);
  const failed = (await checkpointsOf(target, operationId)).filter(
    (c) => c.status === 'failed' && c.entity !== entity && parents.includes(c.entity) && !isPast(c),
  );
  const [first] = failed;
  if (first)
    throw new PortageError('M008', `${first.entity}, to which ${entity} refers, failed in this run`, {
      got: failed.map((c) => `${c.entity}: ${c.errorCode ?? 'failed'}`).join('; '),
      where: entity,
      next: 'Correct what the parent failed for, then: portage differential-migration resume --entity all',
    });
}
