/** `sync-scheduler list-jobs`. */
import { jobRecords, lastRuns } from '../../../shared/database/inspect/job-runs.ts';
import type { JobStatus } from '../../../shared/database/ledger/jobs.ts';
import type { ListJobsAnswer } from '../../../shared/operations/sync-scheduler/list-jobs.ts';
import type { Invocation } from '../../step.ts';
import { runViewOf, secondsSince, viewOf } from '../schedules/job-view.ts';
import { knownJobs } from '../schedules/known-job.ts';

export const listJobs = (
  { status }: { readonly status?: JobStatus | undefined },
  deps: Invocation,
): Promise<ListJobsAnswer> =>
  deps.withTarget('list-jobs', async (target) => {
    const jobs = await knownJobs(target, status ?? null);
    if (jobs.length === 0) return { jobs: [] };
    const ids = jobs.map(({ jobId }) => jobId);
    const runs = await lastRuns(target, ids, 1);
    const records = await jobRecords(target, ids);
    return {
      jobs: jobs.map((job) => {
        const run = runs.find(({ jobId }) => jobId === job.jobId);
        return {
          ...viewOf(job),
          lastRun: run === undefined ? null : runViewOf(run),
          lagSeconds: secondsSince(records.get(job.jobId)?.followedUntil, deps.now()),
        };
      }),
    };
  });
