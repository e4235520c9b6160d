/**
 * Works through one lane of an entity's slices: changes are classified, settled and written under one lock. Goes on until
 * the lane is done, the time is up, or the run's own time is over; a Choice sends it back.
 */
import {
  applyChangesInput,
  applyChangesOutput,
  type ApplyChangesInput,
  type ApplyChangesOutput,
} from '../../shared/contracts/synchronization.ts';
import { onlyChanged } from '../../shared/database/engine/horizon.ts';
import { workSlice } from '../../shared/database/engine/slice.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import { beat, checkpointById } from '../../shared/database/ledger/checkpoints.ts';
import { detectionOf, withRunWorker } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';
import { refuseAfterFailedParent } from '../take-entity.ts';

const NO_SLICE = -1;

export async function applyChanges(input: ApplyChangesInput, deps: Invocation): Promise<ApplyChangesOutput> {
  const { operationId, execution, entity, lane, lanes } = input;
  const output = (rows: number, done: boolean): ApplyChangesOutput => ({
    operationId,
    execution,
    entity,
    lane,
    lanes,
    rows: input.rows + rows,
    done,
  });
  const work = async (worker: Worker | null): Promise<ApplyChangesOutput> => {
    if (worker === null) return output(0, true);
    const parents = worker.entity.references.map((reference) => reference.parent);
    await refuseAfterFailedParent(worker.target, operationId, entity, parents);
    const progress = await workLane(worker, lane, lanes, deps.host);
    return output(progress.rows, progress.done);
  };
  return withRunWorker(deps, input, NO_SLICE, work, lane);
}

async function workLane(worker: Worker, lane: number, lanes: number, host: string) {
  const { slices } = await checkpointById(worker.target, worker.checkpointId);
  const detection = await detectionOf(worker.target, worker.operationId, worker.entity.name);
  const narrowed = onlyChanged(worker, detection);
  let rows = 0;
  for (const [i, slice] of (slices ?? []).entries()) {
    if (i % lanes !== lane) continue;
    await beat(worker.target, worker.checkpointId, slice.slice, host);
    const progress = await workSlice({ ...narrowed, slice: slice.slice }, slice);
    rows += progress.rows;
    // A stopped slice ends here; FinishEntity records that it is not complete.
    if (progress.stopped) return { rows, done: true };
    if (!progress.done) return { rows, done: false };
  }
  return { rows, done: true };
}

export const handler = step(
  'ApplyChanges',
  { input: applyChangesInput, output: applyChangesOutput },
  applyChanges,
  'sync',
);
