/** Carries the rows of one slice, batch by batch, until it is done or the time is up; a Choice sends it back. */
import {
  migrateSliceInput,
  type MigrateSliceInput,
  type MigrateSliceOutput,
  migrateSliceOutput,
} from '../../shared/contracts/migration.ts';
import { workSlice } from '../../shared/database/engine/slice.ts';
import { withWorker } from '../entity-worker.ts';
import { step, type Invocation } from '../step.ts';

export async function migrateSlice(input: MigrateSliceInput, deps: Invocation): Promise<MigrateSliceOutput> {
  const { operationId, entity, checkpointId, fence, slice } = input;
  return withWorker(deps, input, slice.slice, async (worker) => {
    const progress = worker === null ? { rows: 0, done: true, stopped: false } : await workSlice(worker, slice);
    // A stopped slice ends here; FinishEntity records that it is not complete.
    return {
      operationId,
      entity,
      checkpointId,
      fence,
      slice,
      connectionRetries: input.connectionRetries,
      rows: input.rows + progress.rows,
      done: progress.done || progress.stopped,
    };
  });
}

export const handler = step('MigrateSlice', { input: migrateSliceInput, output: migrateSliceOutput }, migrateSlice);
