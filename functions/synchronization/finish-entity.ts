/** Ends an entity: what was read is proved to cover its plan, differentials that are gone are closed, statistics are fresh. */
import {
  runEntityInput,
  runEntityOutput,
  type RunEntityInput,
  type RunEntityOutput,
} from '../../shared/contracts/synchronization.ts';
import { endEntity } from '../end-entity.ts';
import { withRunWorker } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function finishEntity(input: RunEntityInput, deps: Invocation): Promise<RunEntityOutput> {
  const { operationId, execution, entity, rows } = input;
  return withRunWorker(deps, input, NO_SLICE, async (worker, loaded) => {
    if (loaded !== null) await endEntity(worker, loaded);
    return { operationId, execution, entity, rows, done: true };
  });
}

export const handler = step('FinishEntity', { input: runEntityInput, output: runEntityOutput }, finishEntity, 'sync');
