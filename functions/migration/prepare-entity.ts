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
import { checkpointsOf, savePlan, type Checkpoint } from '../../shared/database/ledger/checkpoints.ts';
import { mustBeOf } from '../../shared/database/ledger/operations.ts';
import type { Session } from '../../shared/database/session.ts';
import { listedRowsOf, type ListedRows } from '../../shared/domain/listed-rows.ts';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { entityOf, workerOf, type EntityClaim } from '../entity-worker.ts';
import type { LoadedOperation, Sides } from '../dependencies.ts';
import { step, type Invocation } from '../step.ts';
import { refuseAfterFailedParent, takeEntity } from '../take-entity.ts';

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
    const parents = entity.references.map((reference) => reference.parent);
    const { operationId, execution } = loaded.operation;
    const later = { execution, entities: fromTurnOf(loaded, input.entity) };
    await refuseAfterFailedParent(sides.target, operationId, input.entity, parents, later);
    return takeEntity(sides, loaded, input.entity, deps, (checkpoint) =>
      planEntity(sides, loaded, checkpoint, input, deps),
    );
  });
}

/** Entities of its wave, and of those after it. */
function fromTurnOf({ order: { waves } }: LoadedOperation, entity: string): readonly string[] {
  const own = waves.findIndex((groups) => groups.some(({ entities }) => entities.includes(entity)));
  return waves.slice(own).flatMap((groups) => groups.flatMap(({ entities }) => entities));
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
  await savePlan(sides.target, checkpoint.id, prepared);
  return { ...claim, sliceLanes: input.sliceLanes, slices: [...prepared.slices] };
}

/** Parks the rows of a list: LinkReferences gives them their look, and there is no range to work through. */
async function prepareListed(worker: Worker, checkpoint: Checkpoint, listed: ListedRows): Promise<void> {
  await bringBackChanged(worker, worker.entity);
  if (listed.kind === 'retry')
    await inListBatch(worker, 'unkeyed', () => setAsideUnkeyed(worker, worker.entity, worker.operationNo));
  const rows = await parkListed(worker, listed);
  if (checkpoint.slices === null) await savePlan(worker.target, checkpoint.id, { slices: slicesFrom([]), rows });
}
const claimOf = ({ operationId, entity }: PrepareEntityInput, checkpoint: Checkpoint): EntityClaim => ({
  operationId,
  entity,
  checkpointId: checkpoint.id,
  fence: checkpoint.fence,
});

const ownCheckpoint = async (target: Session, input: PrepareEntityInput): Promise<Checkpoint | undefined> =>
  (await checkpointsOf(target, input.operationId)).find(({ entity }) => entity === input.entity);

export const handler = step('PrepareEntity', { input: prepareEntityInput, output: prepareEntityOutput }, prepareEntity);
