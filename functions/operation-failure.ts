/** Records that an execution failed, and releases what it owned: the last step of every machine that has operations. */
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { checkpointsOf, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { endOperation, operationOfExecution, type Operation } from '../shared/database/ledger/operations.ts';
import { summarize, type EntitySummary } from '../shared/database/ledger/progress.ts';
import type { Session } from '../shared/database/session.ts';
import { isErrorCode } from '../shared/domain/errors.ts';
import { messageOf, type StateError } from '../shared/domain/state-error.ts';
import type { Invocation } from './step.ts';

/** @returns the code and the message that the execution ends with */
export async function failExecution(
  input: { readonly execution: string; readonly error: StateError },
  deps: Invocation,
): Promise<{ Error: string; Cause: string }> {
  const fault = faultOf(input.error);
  await deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return;
    const operation = await operationOfExecution(target, input.execution);
    if (operation?.status === 'running') await endFailed(target, operation, fault);
  });
  return { Error: input.error.Error, Cause: input.error.Cause ?? fault.message };
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

export const faultOf = (error: StateError): Fault => ({
  code: isErrorCode(error.Error) ? error.Error : 'SYS008',
  message: messageOf(error),
});

/** A stop is no failure: everything that was committed stays, and is resumed from there. */
export const endedBy = ({ code }: Fault): 'stopped' | 'failed' => (code === 'M013' ? 'stopped' : 'failed');

/** Ends the operation with its checkpoints. @returns what it had done */
export async function endFailed(
  target: Session,
  { operationId }: Operation,
  fault: Fault,
): Promise<Readonly<Record<string, EntitySummary>>> {
  const status = endedBy(fault);
  for (const checkpoint of await checkpointsOf(target, operationId))
    await endCheckpoint(target, checkpoint.id, checkpoint.fence, status, fault);
  const summary = await summarize(target, operationId);
  await endOperation(target, operationId, status, summary, fault);
  return summary;
}
