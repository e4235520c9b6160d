/** Records that a lane of an entity failed: its siblings go on, and the end of the entity makes it a failure. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failChangesInput, type FailChangesInput } from '../../shared/contracts/synchronization.ts';
import { recordFailure } from '../../shared/database/ledger/checkpoints.ts';
import { addNote } from '../../shared/database/ledger/operations.ts';
import { faultOf } from '../../shared/domain/state-error.ts';
import { claimedBy } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';

export async function failChanges(input: FailChangesInput, deps: Invocation): Promise<{ recorded: true }> {
  const { operationId, entity } = input;
  return deps.withTarget(`${operationId}:fail`, async (target) => {
    const fault = faultOf(input.error);
    // Of an entity that was taken over, reset or stopped meanwhile the failure concerns nobody any more.
    const claimed = await claimedBy(target, input);
    if (claimed !== null && (await recordFailure(target, claimed.claim, fault)) > 0)
      await addNote(target, operationId, `${entity} failed: ${fault.code} ${fault.message}`);
    return { recorded: true };
  });
}

export const handler = step('FailChanges', { input: failChangesInput, output: recorded }, failChanges, 'sync');
