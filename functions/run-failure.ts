/**
 * Records that a run failed, and releases what it owned; gives the code and the message that the execution ends with. A run
 * that a schedule started and that could not even begin is recorded as well: nobody else would see it.
 */
import {
  scheduledRun,
  type FailSynchronizationInput,
  type FailSynchronizationOutput,
} from '../shared/contracts/synchronization.ts';
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { checkpointsOf, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { endOperation, operationOfExecution } from '../shared/database/ledger/operations.ts';
import { summarize } from '../shared/database/ledger/progress.ts';
import { endRun, insertEnded, runOfExecution, tellJob } from '../shared/database/ledger/runs.ts';
import type { Session } from '../shared/database/session.ts';
import { isErrorCode } from '../shared/domain/errors.ts';
import { messageOf } from '../shared/domain/state-error.ts';
import type { Invocation } from './step.ts';

type Fault = { readonly code: string; readonly message: string };

export async function failRun(input: FailSynchronizationInput, deps: Invocation): Promise<FailSynchronizationOutput> {
  const message = messageOf(input.error);
  const code = isErrorCode(input.error.Error) ? input.error.Error : 'SYS008';
  await deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return;
    const run = await runOfExecution(target, input.execution);
    if (run === null) await recordUnbegun(target, input, { code, message });
    else if (run.status === 'running') await endBegun(target, input.execution, run.runNo, { code, message });
  });
  return { Error: input.error.Error, Cause: input.error.Cause ?? message };
}

async function endBegun(target: Session, execution: string, runNo: string, fault: Fault): Promise<void> {
  // A stop is no failure: everything that was committed stays, and the next run goes on from there.
  const status = fault.code === 'M013' ? 'stopped' : 'failed';
  const operation = await operationOfExecution(target, execution);
  if (operation?.status === 'running') {
    const { operationId } = operation;
    for (const checkpoint of await checkpointsOf(target, operationId))
      await endCheckpoint(target, checkpoint.id, checkpoint.fence, status, fault);
    await endOperation(target, operationId, status, await summarize(target, operationId), fault);
    await endRun(target, runNo, status, await summarize(target, operationId), fault);
  } else await endRun(target, runNo, status, {}, fault);
}

async function recordUnbegun(target: Session, input: FailSynchronizationInput, fault: Fault): Promise<void> {
  const scheduled = scheduledRun.safeParse(input.request);
  if (!scheduled.success) return;
  const { jobName, scheduledTime } = scheduled.data;
  const job = await target.maybeOne<{ id: string; status: string }>(
    'SELECT id, status FROM portage.synchronization_jobs WHERE job_name = $1',
    [jobName],
  );
  if (job === null) return;
  const recorded = await insertEnded(target, job.id, { execution: input.execution, scheduledTime }, 'failed', fault);
  if (recorded > 0 && job.status !== 'running') await tellJob(target, job.id, true, fault);
}
