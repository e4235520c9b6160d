/** Sets references that waited for this entity or in it, and gives parked rows their last look. */
import {
  entityStepInput,
  type EntityStepInput,
  type LinkReferencesOutput,
  linkReferencesOutput,
} from '../../shared/contracts/migration.ts';
import { withWorker } from '../entity-worker.ts';
import { linkEntity } from '../link-entity.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function linkReferences(input: EntityStepInput, deps: Invocation): Promise<LinkReferencesOutput> {
  const { operationId, entity, checkpointId, fence } = input;
  return withWorker(deps, input, NO_SLICE, async (worker, loaded) => ({
    operationId,
    entity,
    checkpointId,
    fence,
    ...(await linkEntity(worker, loaded)),
  }));
}

export const handler = step('LinkReferences', { input: entityStepInput, output: linkReferencesOutput }, linkReferences);
