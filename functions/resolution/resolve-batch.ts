/** Settles open differences of one entity, batch by batch, until none is left or the time is up; a Choice sends it back. */
import {
  resolveBatchInput,
  resolveBatchOutput,
  type ResolveBatchInput,
  type ResolveBatchOutput,
} from '../../shared/contracts/resolution.ts';
import { workOpen, type Beside } from '../../shared/database/engine/resolve.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import { checkpointsOf, savePlan } from '../../shared/database/ledger/checkpoints.ts';
import { mustBeOf } from '../../shared/database/ledger/operations.ts';
import { writeValues } from '../../shared/database/sql/resolve.ts';
import type { LoadedOperation } from '../dependencies.ts';
import { givenColumns } from '../manual-choice.ts';
import { withRunWorker } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';
import { takeEntity } from '../take-entity.ts';

const NO_SLICE = -1;

/** Claims the entity, on the first call of this execution. */
async function take({ operationId, execution, entity }: ResolveBatchInput, deps: Invocation): Promise<void> {
  await deps.withSides(`${operationId}:${entity}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    mustBeOf(loaded.operation, execution);
    const known = (await checkpointsOf(sides.target, operationId)).find((each) => each.entity === entity);
    if (known?.status !== 'pending' || loaded.operation.stopRequested) return;
    await takeEntity(sides, loaded, entity, deps, (checkpoint) =>
      savePlan(sides.target, checkpoint.id, { slices: [], rows: 0 }),
    );
  });
}

/** Writes the values of a custom decision; nothing else has any. */
function values(worker: Worker, loaded: LoadedOperation): Beside | undefined {
  const given = loaded.operation.request['values'];
  if (typeof given !== 'object' || given === null) return undefined;
  const columns = givenColumns(worker.entity, loaded, given);
  return async (batchNo) => {
    const facts = { operationNo: worker.operationNo, batchNo };
    for (const statement of writeValues(worker.entity, facts, columns))
      await worker.target.run(statement, [JSON.stringify(given)]);
  };
}

export async function resolveBatch(input: ResolveBatchInput, deps: Invocation): Promise<ResolveBatchOutput> {
  const { operationId, execution, entity } = input;
  if (input.rows === 0) await take(input, deps);
  return withRunWorker(deps, input, NO_SLICE, async (worker, loaded) => {
    const output = (rows: number, done: boolean): ResolveBatchOutput => ({
      operationId,
      execution,
      entity,
      rows: input.rows + rows,
      done,
    });
    if (worker === null || loaded === null) return output(0, true);
    const only = loaded.operation.request['conflictId'];
    const progress = await workOpen(worker, typeof only === 'string' ? only : null, values(worker, loaded));
    return output(progress.rows, progress.done);
  });
}

export const handler = step(
  'ResolveBatch',
  { input: resolveBatchInput, output: resolveBatchOutput },
  resolveBatch,
  'sync',
);
