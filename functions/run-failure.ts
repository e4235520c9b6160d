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
import { operationOfExecution } from '../shared/database/ledger/operations.ts';
import { endRun, insertEnded, runOfExecution, tellJob } from '../shared/database/ledger/runs.ts';
import type { Session } from '../shared/database/session.ts';
import { faultOf, type Fault } from '../shared/domain/state-error.ts';
import { endedBy, endFailed, saidOf } from './operation-failure.ts';
import type { Invocation } from './step.ts';

export async function failRun(input: FailSynchronizationInput, deps: Invocation): Promise<FailSynchronizationOutput> {
  await recordRunFailure(input, deps);
  return saidOf(input.error);
}

/** @returns whether there was anything left to record */
export const recordRunFailure = (input: FailSynchronizationInput, deps: Invocation): Promise<boolean> =>
  deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return false;
    const fault = faultOf(input.error);
    const run = await runOfExecution(target, input.execution);
    if (run === null) return recordUnbegun(target, input, fault);
    if (run.status !== 'running') return false;
    await endBegun(target, input.execution, run.runNo, fault);
    return true;
  });

async function endBegun(target: Session, execution: string, runNo: string, fault: Fault): Promise<void> {
  const operation = await operationOfExecution(target, execution);
  const summary = operation?.status === 'running' ? await endFailed(target, operation, fault) : {};
  await endRun(target, runNo, endedBy(fault), summary, fault);
}

async function recordUnbegun(target: Session, input: FailSynchronizationInput, fault: Fault): Promise<boolean> {
  const scheduled = scheduledRun.safeParse(input.request);
  if (!scheduled.success) return false;
  const { jobName, scheduledTime } = scheduled.data;
  const job = await target.maybeOne<{ id: string; status: string }>(
    'SELECT id, status FROM portage.synchronization_jobs WHERE job_name = $1',
    [jobName],
  );
  if (job === null) return false;
  const recorded = await insertEnded(target, job.id, { execution: input.execution, scheduledTime }, 'failed', fault);
  if (recorded > 0 && job.status !== 'running') await tellJob(target, job.id, true, fault);
  return recorded > 0;
}
