/** Sets references that waited for this entity or in it, and gives parked rows their last look. */
import type { z } from 'zod';
import { entityStepInput, type linkReferencesOutput } from '../../shared/contracts/migration.ts';
import { linkPending, workParked } from '../../shared/database/engine/link.ts';
import { checkpointById, checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import type { LoadedOperation } from '../dependencies.ts';
import { entityOf, withWorker } from '../entity-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

/** Entities of this operation that were loaded before and have references to this one that were cut. */
async function waitingChildren(worker: Worker, loaded: LoadedOperation): Promise<Worker[]> {
  const checkpoints = await checkpointsOf(worker.target, worker.operationId);
  return checkpoints.flatMap((checkpoint) => {
    const entity = loaded.entities.get(checkpoint.entity);
    const refers = entity?.references.some((reference) => reference.parent === worker.entity.name && reference.cut);
    if (!refers || checkpoint.status !== 'in_progress' || checkpoint.entity === worker.entity.name) return [];
    return [{ ...worker, entity: entityOf(loaded, checkpoint.entity), checkpointId: checkpoint.id, fence: checkpoint.fence }];
  });
}

export async function linkReferences(input: z.output<typeof entityStepInput>, deps: Invocation): Promise<z.output<typeof linkReferencesOutput>> {
  const { operationId, entity, checkpointId, fence } = input;
  return withWorker(deps, input, NO_SLICE, async (worker, loaded) => {
    let rows = 0;
    let done = true;
    // After a failed slice rows are missing that parked rows wait for: the resume looks at them.
    if (worker !== null && (await checkpointById(worker.target, checkpointId)).errorCode === null) {
      const children = await waitingChildren(worker, loaded);
      const looks = [() => linkPending(worker), () => workParked(worker), () => linkPending(worker), ...children.map((child) => () => linkPending(child, entity))];
      for (const look of looks) {
        const progress = await look();
        rows += progress.rows;
        done = progress.done;
        if (!progress.done || progress.stopped) break;
      }
    }
    return { operationId, entity, checkpointId, fence, rows, done };
  });
}

export const handler = step('LinkReferences', entityStepInput, linkReferences);
