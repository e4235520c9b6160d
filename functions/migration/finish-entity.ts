/** Ends an entity: what was read is proved to cover its plan, differentials that are gone are closed, statistics are fresh. */
import {
  entityStepInput,
  type EntityStepInput,
  type FinishEntityOutput,
  finishEntityOutput,
} from '../../shared/contracts/migration.ts';
import { endEntity } from '../end-entity.ts';
import { withWorker } from '../entity-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function finishEntity(input: EntityStepInput, deps: Invocation): Promise<FinishEntityOutput> {
  const { operationId, entity } = input;
  return withWorker(deps, input, NO_SLICE, async (worker, loaded) => ({
    operationId,
    entity,
    status: await endEntity(worker, loaded),
  }));
}

export const handler = step('FinishEntity', { input: entityStepInput, output: finishEntityOutput }, finishEntity);
