/** `sync-scheduler delete-job`: the schedule goes with the row. */
import { changingJob, changingJobs, deleteJob as deleteRow } from '../../../shared/database/ledger/jobs.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { ChangedJob } from '../../../shared/operations/sync-scheduler/job.ts';
import type { Invocation } from '../../step.ts';
import { viewOf } from './job-view.ts';
import { knownJob } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { tokenOf } from './wanted.ts';

export async function deleteJob({ name }: { readonly name: string }, deps: Invocation): Promise<ChangedJob> {
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget('delete-job', (target) =>
    changingJobs(target, async () => {
      const job = await knownJob(target, name);
      // Its run would have nowhere left to say how it ended.
      if (job.status === 'running')
        throw new PortageError('S003', `the job ${name} is running`, {
          got: 'a run in progress',
          expected: 'none',
          where: name,
          next: `Let no other begin, and wait for it: portage sync-scheduler pause-job --name ${name}`,
        });
      await changingJob(target, async () => {
        await deleteRow(target, job.jobId);
        await schedules.remove(name, tokenOf({ ...job, version: job.version + 1 }));
      });
      return { job: viewOf(job), changed: true, notes: [] };
    }),
  );
}
