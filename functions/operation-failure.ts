/** Records that an execution failed, and releases what it owned: the last step of every machine that has operations. */
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { checkpointsOf, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { endOperation, operationOfExecution, type Operation } from '../shared/database/ledger/operations.ts';
import { summarize, type EntitySummary } from '../shared/database/ledger/progress.ts';
import type { Session } from '../shared/database/session.ts';
import { faultOf, type Fault, type StateError } from '../shared/domain/state-error.ts';
import type { Invocation } from './step.ts';

export interface EndedExecution {
  readonly execution: string;
  readonly error: StateError;
}

/** @returns the code and the message that the execution ends with */
export async function failExecution(
  input: EndedExecution,
  deps: Invocation,
): Promise<{ readonly Error: string; readonly Cause: string }> {
  await recordFailure(input, deps);
  return saidOf(input.error);
}

/** What an execution ends with. */
export const saidOf = (error: StateError): { Error: string; Cause: string } => ({
  Error: error.Error,
  Cause: error.Cause ?? faultOf(error).message,
});

/** @returns whether there was anything left to record */
export const recordFailure = ({ execution, error }: EndedExecution, deps: Invocation): Promise<boolean> =>
  deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return false;
    const operation = await operationOfExecution(target, execution);
    if (operation?.status !== 'running') return false;
    await endFailed(target, operation, faultOf(error));
    return true;
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
