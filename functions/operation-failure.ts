/** Records that an execution failed, and releases what it owned: the last step of every machine that has operations. */
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { checkpointsOf, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { endOperation, operationOfExecution } from '../shared/database/ledger/operations.ts';
import { summarize } from '../shared/database/ledger/progress.ts';
import { isErrorCode } from '../shared/domain/errors.ts';
import { messageOf, type StateError } from '../shared/domain/state-error.ts';
import type { Invocation } from './step.ts';

/** @returns the code and the message that the execution ends with */
export async function failExecution(
  input: { readonly execution: string; readonly error: StateError },
  deps: Invocation,
): Promise<{ Error: string; Cause: string }> {
  const message = messageOf(input.error);
  const code = isErrorCode(input.error.Error) ? input.error.Error : 'SYS008';
  await deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return;
    const operation = await operationOfExecution(target, input.execution);
    if (operation?.status !== 'running') return;
    // A stop is no failure: everything that was committed stays, and is resumed from there.
    const status = code === 'M013' ? 'stopped' : 'failed';
    for (const checkpoint of await checkpointsOf(target, operation.operationId))
      await endCheckpoint(target, checkpoint.id, checkpoint.fence, status, { code, message });
    await endOperation(target, operation.operationId, status, await summarize(target, operation.operationId), {
      code,
      message,
    });
  });
  return { Error: input.error.Error, Cause: input.error.Cause ?? message };
}
