/** Records that a step of some entities failed: their checkpoints are released, and the gate judges at the end. */
import type { FailEntityInput } from '../shared/contracts/migration.ts';
import { checkpointsOf, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { addNote, isOf, readOperation } from '../shared/database/ledger/operations.ts';
import type { Session } from '../shared/database/session.ts';
import { faultOf } from '../shared/domain/state-error.ts';
import type { Invocation } from './step.ts';

export async function recordEntityFailure(
  target: Session,
  operationId: string,
  entity: string,
  error: { readonly code: string; readonly message: string },
): Promise<void> {
  const checkpoint = (await checkpointsOf(target, operationId)).find((c) => c.entity === entity);
  if (checkpoint) await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'failed', error);
  // The gate reads this where the entity never got a checkpoint of its own.
  await addNote(target, operationId, `${entity} failed: ${error.code} ${error.message}`);
}

type FailedEntities = Pick<FailEntityInput, 'operationId' | 'execution' | 'entities' | 'error'>;

export async function failEntities(input: FailedEntities, deps: Invocation): Promise<{ recorded: true }> {
  return deps.withTarget(`${input.operationId}:fail`, async (target) => {
    const operation = await readOperation(target, input.operationId);
    // Stopped, or taken up by another execution: its state is no longer this one's to judge.
    if (!isOf(operation, input.execution)) return { recorded: true };
    const { operationId } = operation;
    const fault = faultOf(input.error);
    for (const entity of input.entities) await recordEntityFailure(target, operationId, entity, fault);
    return { recorded: true };
  });
}

/** The same of those that are open: entities that ended before, completed or stopped for M006, have nothing to do with it. */
export async function failOpenEntities(input: FailedEntities, deps: Invocation): Promise<{ recorded: true }> {
  const open = await deps.withTarget(`${input.operationId}:fail`, async (target) =>
    (await checkpointsOf(target, input.operationId)).filter((c) => c.status === 'in_progress').map((c) => c.entity),
  );
  return failEntities({ ...input, entities: input.entities.filter((entity) => open.includes(entity)) }, deps);
}
