/** Takes an entity for the operation, looks whether anything differs, and plans its slices. */
import {
  prepareEntityInput,
  type PrepareEntityInput,
  type PrepareEntityOutput,
  prepareEntityOutput,
} from '../../shared/contracts/migration.ts';
import { inListBatch, passRange } from '../../shared/database/engine/batch.ts';
import { bringBackChanged } from '../../shared/database/engine/ignored.ts';
import { parkListed } from '../../shared/database/engine/listed.ts';
import { prepare, setAsideUnkeyed } from '../../shared/database/engine/prepare.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import {
  beat,
  checkpointsOf,
  claimEntity,
  savePlan,
  type Checkpoint,
} from '../../shared/database/ledger/checkpoints.ts';
import { bringOverBases } from '../../shared/database/ledger/bases.ts';
import { mustBeOf } from '../../shared/database/ledger/operations.ts';
import type { Session } from '../../shared/database/session.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { quoteIdentifier } from '../../shared/domain/identifiers.ts';
import { listedRowsOf, type ListedRows } from '../../shared/domain/listed-rows.ts';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { entityOf, workerOf, type EntityClaim } from '../entity-worker.ts';
import type { LoadedOperation, Sides } from '../dependencies.ts';
import { refuseDrift, tellingDrift } from '../schema-drift.ts';
import { step, type Invocation } from '../step.ts';

/** Steps before and after the slices work under this number. */
const NO_SLICE = -1;

export async function prepareEntity(input: PrepareEntityInput, deps: Invocation): Promise<PrepareEntityOutput> {
  return deps.withSides(`${input.operationId}:${input.entity}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, input.operationId);
    const entity = entityOf(loaded, input.entity);
    mustBeOf(loaded.operation, input.execution);
    const stopped = loaded.operation.stopRequested ? await ownCheckpoint(sides.target, input) : undefined;
    // Asked to stop, an entity that had not begun does not begin: nothing is claimed, and no table looked at.
    if (stopped !== undefined) return { ...claimOf(input, stopped), sliceLanes: input.sliceLanes, slices: [] };
    await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
    await refuseAfterFailedParent(
      sides.target,
      loaded.operation.operationId,
      input.entity,
      entity.references.map((r) => r.parent),
    );
    const checkpoint = await claimEntity(sides.target, {
      operation: loaded.operation,
      entity: input.entity,
      entityId: entity.entityId ?? 0,
      owner: `${loaded.operation.execution} on ${deps.host}`,
      catalogHash: loaded.catalogHash(input.entity),
      leaseSeconds: deps.config.leaseSeconds,
    });
    refuseDrift(loaded, input.entity, checkpoint.catalogHash);
    return tellingDrift(deps, loaded, [input.entity], () => planEntity(sides, loaded, checkpoint, input, deps));
  });
}

/** What is done once the entity is ours. */
async function planEntity(
  sides: Sides,
  loaded: LoadedOperation,
  checkpoint: Checkpoint,
  input: PrepareEntityInput,
  deps: Invocation,
): Promise<PrepareEntityOutput> {
  const entity = entityOf(loaded, input.entity);
  const claim = claimOf(input, checkpoint);
  await beat(sides.target, checkpoint.id, NO_SLICE, deps.host);
  // Now that nobody else writes it.
  await bringOverBases(sides, entity);
  const listed = listedRowsOf(loaded.operation.request);
  if (listed) {
    await prepareListed(workerOf(sides, loaded, claim, NO_SLICE, false, deps), checkpoint, listed);
    return { ...claim, sliceLanes: input.sliceLanes, slices: [] };
  }
  // A resumed checkpoint keeps its plan: its slices' cursors stand in the ledger.
  if (checkpoint.slices) return { ...claim, sliceLanes: input.sliceLanes, slices: [...checkpoint.slices] };
  await bringBackChanged(sides, entity);
  const prepared = await prepare(sides, entity, loaded.operation.mode, input.sliceLanes);
  const worker = workerOf(sides, loaded, claim, NO_SLICE, prepared.fresh, deps);
  await inListBatch(worker, 'unkeyed', () => setAsideUnkeyed(sides, entity, loaded.operation.operationNo));
  if (prepared.equal) await passRange({ ...worker, slice: 0 }, { from: null, to: null }, prepared.rows, 0);
  await savePlan(sides.target, checkpoint.id, prepared.slices, prepared.rows, prepared.fresh);
  return { ...claim, sliceLanes: input.sliceLanes, slices: [...prepared.slices] };
}

/** Parks the rows of a list: LinkReferences gives them their look, and there is no range to work through. */
async function prepareListed(worker: Worker, checkpoint: Checkpoint, listed: ListedRows): Promise<void> {
  await bringBackChanged(worker, worker.entity);
  if (listed.kind === 'retry')
    await inListBatch(worker, 'unkeyed', () => setAsideUnkeyed(worker, worker.entity, worker.operationNo));
  const rows = await parkListed(worker, listed);
  if (checkpoint.slices === null) await savePlan(worker.target, checkpoint.id, slicesFrom([]), rows, false);
}
const claimOf = ({ operationId, entity }: PrepareEntityInput, checkpoint: Checkpoint): EntityClaim => ({
  operationId,
  entity,
  checkpointId: checkpoint.id,
  fence: checkpoint.fence,
});

const ownCheckpoint = async (target: Session, input: PrepareEntityInput): Promise<Checkpoint | undefined> =>
  (await checkpointsOf(target, input.operationId)).find(({ entity }) => entity === input.entity);

/** Children of an entity that failed in this run would only be set aside in numbers: they wait for the resume. */
async function refuseAfterFailedParent(
  target: Session,
  operationId: string,
  entity: string,
  parents: readonly string[],
): Promise<void> {
  const failed = (await checkpointsOf(target, operationId)).filter(
    (c) => c.status === 'failed' && c.entity !== entity && parents.includes(c.entity),
  );
  const [first] = failed;
  if (first)
    throw new PortageError('M008', `${first.entity}, to which ${entity} refers, failed in this run`, {
      got: failed.map((c) => `${c.entity}: ${c.errorCode ?? 'failed'}`).join('; '),
      where: entity,
      next: 'Correct what the parent failed for, then: portage differential-migration resume --entity all',
    });
}

export const handler = step('PrepareEntity', { input: prepareEntityInput, output: prepareEntityOutput }, prepareEntity);
