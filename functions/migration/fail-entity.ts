/** Records that a step of an entity failed: the checkpoint is released, and the gate judges at the end. */
import { failEntityInput, type FailEntityInput, recorded } from '../../shared/contracts/migration.ts';
import { checkpointsOf, endCheckpoint } from '../../shared/database/ledger/checkpoints.ts';
import { addNote, readOperation } from '../../shared/database/ledger/operations.ts';
import { isErrorCode } from '../../shared/domain/errors.ts';
import { messageOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';

export async function failEntity(input: FailEntityInput, deps: Invocation): Promise<{ recorded: true }> {
  return deps.withTarget(`${input.operationId}:fail`, async (target) => {
    const operation = await readOperation(target, input.operationId);
    const code = isErrorCode(input.error.Error) ? input.error.Error : 'SYS008';
    const message = messageOf(input.error);
    const checkpoints = await checkpointsOf(target, operation.operationId);
    for (const entity of input.entities) {
      const checkpoint = checkpoints.find((c) => c.entity === entity);
      if (checkpoint) await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'failed', { code, message });
      // The gate reads this where the entity never got a checkpoint of its own.
      await addNote(target, operation.operationId, `${entity} failed: ${code} ${message}`);
    }
    return { recorded: true };
  });
}

export const handler = step('FailEntity', { input: failEntityInput, output: recorded }, failEntity);
