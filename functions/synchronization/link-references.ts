/** Sets references that waited for this entity or in it, and gives parked rows their last look. */
import {
  runEntityInput,
  runEntityOutput,
  type RunEntityInput,
  type RunEntityOutput,
} from '../../shared/contracts/synchronization.ts';
import { linkEntity } from '../link-entity.ts';
import { withRunWorker } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function linkReferences(input: RunEntityInput, deps: Invocation): Promise<RunEntityOutput> {
  const { operationId, execution, entity } = input;
  return withRunWorker(deps, input, NO_SLICE, async (worker, loaded) => {
    const linked = loaded === null ? { rows: 0, done: true } : await linkEntity(worker, loaded);
    return { operationId, execution, entity, rows: input.rows + linked.rows, done: linked.done };
  });
}

export const handler = step(
  'LinkReferences',
  { input: runEntityInput, output: runEntityOutput },
  linkReferences,
  'sync',
);
