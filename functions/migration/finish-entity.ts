/** Ends an entity: what was read is proved to cover its plan, differentials that are gone are closed, statistics are fresh. */
import {
  entityStepInput,
  type EntityStepInput,
  type FinishEntityOutput,
  finishEntityOutput,
} from '../../shared/contracts/migration.ts';
import { completeEntity } from '../../shared/database/engine/complete.ts';
import { checkpointById, checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { withWorker } from '../entity-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function finishEntity(input: EntityStepInput, deps: Invocation): Promise<FinishEntityOutput> {
  const { operationId, entity, checkpointId } = input;
  return withWorker(deps, input, NO_SLICE, async (worker, loaded) => {
    if (worker === null) return { operationId, entity, status: 'failed' };
    const ended = new Set(
      (await checkpointsOf(worker.target, operationId)).filter((c) => c.status === 'completed').map((c) => c.entity),
    );
    const later = [...loaded.entities.keys()].filter((name) => name !== entity && !ended.has(name));
    const status = await completeEntity(worker, await checkpointById(worker.target, checkpointId), later, true);
    return { operationId, entity, status };
  });
}

export const handler = step('FinishEntity', { input: entityStepInput, output: finishEntityOutput }, finishEntity);
