/** Records that a slice failed: its siblings go on, and the end of the entity makes it a failure. */
import { failSliceInput, type FailSliceInput, recorded } from '../../shared/contracts/migration.ts';
import { recordFailure } from '../../shared/database/ledger/checkpoints.ts';
import { addNote } from '../../shared/database/ledger/operations.ts';
import { faultOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';

export async function failSlice(input: FailSliceInput, deps: Invocation): Promise<{ recorded: true }> {
  return deps.withTarget(`${input.operationId}:fail`, async (target) => {
    const fault = faultOf(input.error);
    // Of an entity that was taken over, reset or stopped meanwhile the failure concerns nobody any more.
    if ((await recordFailure(target, input, fault)) > 0)
      await addNote(target, input.operationId, `${input.entity} failed: ${fault.code} ${fault.message}`);
    return { recorded: true };
  });
}

export const handler = step('FailSlice', { input: failSliceInput, output: recorded }, failSlice);
