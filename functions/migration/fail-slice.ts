/** Records that a slice failed: its siblings go on, and the end of the entity makes it a failure. */
import { failSliceInput, type FailSliceInput, recorded } from '../../shared/contracts/migration.ts';
import { recordFailure } from '../../shared/database/ledger/checkpoints.ts';
import { addNote } from '../../shared/database/ledger/operations.ts';
import { isErrorCode } from '../../shared/domain/errors.ts';
import { messageOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';

export async function failSlice(input: FailSliceInput, deps: Invocation): Promise<{ recorded: true }> {
  return deps.withTarget(`${input.operationId}:fail`, async (target) => {
    const code = isErrorCode(input.error.Error) ? input.error.Error : 'SYS008';
    const message = messageOf(input.error);
    // Of an entity that was taken over, reset or stopped meanwhile the failure concerns nobody any more.
    if ((await recordFailure(target, input, { code, message })) > 0)
      await addNote(target, input.operationId, `${input.entity} failed: ${code} ${message}`);
    return { recorded: true };
  });
}

export const handler = step('FailSlice', { input: failSliceInput, output: recorded }, failSlice);
