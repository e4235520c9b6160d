/** Deletes rows that the source lost, or marks them, after all entities were carried; stops an entity before too many (M006). */
import type { DeleteRowsInput, DeleteRowsOutput } from '../shared/contracts/migration.ts';
import { hasVanished, workDeletes } from '../shared/database/engine/delete-rows.ts';
import { massDeletion } from '../shared/database/engine/mass-deletion.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import { beat, checkpointsOf } from '../shared/database/ledger/checkpoints.ts';
import { mustBeOf } from '../shared/database/ledger/operations.ts';
import { deleteAllowance } from '../shared/domain/mass-deletion.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { recordEntityFailure } from './entity-failure.ts';
import { withEntity, workerOf } from './entity-worker.ts';
import type { Invocation } from './step.ts';

const NO_SLICE = -1;
/** Rows that refer to each other go together, up to here; as for the closed sets of a cycle. */
const CLOSURE_ROWS = 100_000;

/** Entities of the group that were carried to their end and have something on the list. */
async function deletingWorkers(
  sides: Sides,
  loaded: LoadedOperation,
  names: readonly string[],
  deps: Invocation,
): Promise<Worker[]> {
  const { operationId } = loaded.operation;
  const workers: Worker[] = [];
  for (const checkpoint of await checkpointsOf(sides.target, operationId)) {
    const { entity, id: checkpointId, fence, status } = checkpoint;
    if (!names.includes(entity) || status !== 'in_progress') continue;
    const worker = workerOf(sides, loaded, { operationId, entity, checkpointId, fence }, NO_SLICE, false, deps);
    if (!(await hasVanished(worker))) continue;
    await beat(sides.target, checkpointId, NO_SLICE, deps.host);
    workers.push(worker);
  }
  return workers;
}

export async function deleteGroup(input: DeleteRowsInput, deps: Invocation): Promise<DeleteRowsOutput> {
  const { operationId, execution, entities } = input;
  return deps.withSides(`${operationId}:delete`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    mustBeOf(loaded.operation, execution);
    const settings = deps.settings(loaded.map);
    const limit = {
      allowance: deleteAllowance(loaded.operation.request['allowDeletes']),
      thresholdPercent: settings.deleteThresholdPercent,
    };
    const deleting: Worker[] = [];
    for (const worker of await deletingWorkers(sides, loaded, entities, deps)) {
      const { name } = worker.entity;
      const stop = await withEntity(sides, loaded, name, () => massDeletion(worker, limit));
      if (stop === null) deleting.push(worker);
      else await recordEntityFailure(sides.target, operationId, name, { code: stop.code, message: stop.message });
    }
    const progress = await workDeletes(deleting, settings.closureRows ?? CLOSURE_ROWS);
    return {
      operationId,
      execution,
      entities,
      connectionRetries: input.connectionRetries,
      rows: input.rows + progress.rows,
      done: progress.done || progress.stopped,
    };
  });
}
