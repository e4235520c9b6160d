/** Records that the deletions of a group failed: those of other groups go on, and the resume takes these up again. */
import { failEntityInput, recorded, type FailEntityInput } from '../../shared/contracts/migration.ts';
import { checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { failEntities } from '../entity-failure.ts';
import { step, type Invocation } from '../step.ts';

/** Entities that ended before, completed or stopped for M006, have nothing to do with it. */
export async function failDeletes(input: FailEntityInput, deps: Invocation): Promise<{ recorded: true }> {
  const open = await deps.withTarget(`${input.operationId}:fail`, async (target) =>
    (await checkpointsOf(target, input.operationId)).filter((c) => c.status === 'in_progress').map((c) => c.entity),
  );
  return failEntities({ ...input, entities: input.entities.filter((entity) => open.includes(entity)) }, deps);
}

export const handler = step('FailDeletes', { input: failEntityInput, output: recorded }, failDeletes);
