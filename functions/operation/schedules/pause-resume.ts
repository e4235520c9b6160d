/** `pause-job`, `resume-job`, and the same for all: a paused job keeps its row and its schedule, which is disabled. */
import {
  changingJob,
  changingJobs,
  pauseJob as pauseRow,
  resumeJob as resumeRow,
  type Job,
} from '../../../shared/database/ledger/jobs.ts';
import type { Session } from '../../../shared/database/session.ts';
import type { ChangedJob, ChangedJobs } from '../../../shared/operations/sync-scheduler/job.ts';
import type { Schedules } from '../../../shared/operations/ports.ts';
import type { Invocation } from '../../step.ts';
import { viewOf } from './job-view.ts';
import { knownJob, knownJobs } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { firstRun, writeSchedule } from './wanted.ts';

interface Named {
  readonly name: string;
}
type Change = (target: Session, schedules: Schedules, job: Job, now: Date) => Promise<Job>;

/** Null: it is so already. */
const pause = ({ pausedAt }: Job): Change | null =>
  pausedAt !== null
    ? null
    : (target, schedules, job, now) =>
        changingJob(target, async () => {
          const paused = await pauseRow(target, job.jobId, now);
          await writeSchedule(schedules, paused);
          return paused;
        });

/** From its next time on: what it missed meanwhile is found by the next run. */
const resume = ({ pausedAt }: Job): Change | null =>
  pausedAt === null
    ? null
    : (target, schedules, job, now) =>
        changingJob(target, async () => {
          const resumed = await resumeRow(target, job.jobId, firstRun(job, now));
          await writeSchedule(schedules, resumed);
          return resumed;
        });

const one = async (step: string, change: typeof pause, { name }: Named, deps: Invocation): Promise<ChangedJob> => {
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget(step, (target) =>
    changingJobs(target, async () => {
      const job = await knownJob(target, name);
      const apply = change(job);
      if (apply === null) return { job: viewOf(job), changed: false, notes: ['it was so already'] };
      const changed = await apply(target, schedules, job, deps.now());
      const notes = job.status === 'running' ? ['the run in progress goes on to its end'] : [];
      return { job: viewOf(changed), changed: true, notes };
    }),
  );
};

/** One by one: where a schedule cannot be written, the jobs before it are changed and it is not, and a repeat does the rest. */
const all = async (step: string, change: typeof pause, deps: Invocation): Promise<ChangedJobs> => {
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget(step, (target) =>
    changingJobs(target, async () => {
      const changed: string[] = [];
      const unchanged: string[] = [];
      const jobs = await knownJobs(target);
      for (const job of jobs) {
        const apply = change(job);
        if (apply !== null) await apply(target, schedules, job, deps.now());
        (apply === null ? unchanged : changed).push(job.name);
      }
      return { changed, unchanged, running: jobs.filter(({ status }) => status === 'running').map(({ name }) => name) };
    }),
  );
};

export const pauseJob = (request: Named, deps: Invocation): Promise<ChangedJob> =>
  one('pause-job', pause, request, deps);
export const resumeJob = (request: Named, deps: Invocation): Promise<ChangedJob> =>
  one('resume-job', resume, request, deps);
export const pauseAllJobs = (_: unknown, deps: Invocation): Promise<ChangedJobs> => all('pause-all-jobs', pause, deps);
export const resumeAllJobs = (_: unknown, deps: Invocation): Promise<ChangedJobs> =>
  all('resume-all-jobs', resume, deps);
