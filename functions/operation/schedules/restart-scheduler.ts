/**
 * `sync-scheduler restart-scheduler`: makes the real schedules equal the jobs, both ways. Beside whoever creates or changes a
 * job it waits its turn, so a job that has a row but no schedule yet is never half made when it looks.
 */
import { changingJob, changingJobs, renewJob, setNextRun, type Job } from '../../../shared/database/ledger/jobs.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { driftOf } from '../../../shared/domain/schedule/drift.ts';
import { nextRun } from '../../../shared/domain/schedule/next-run.ts';
import type { Schedules } from '../../../shared/operations/ports.ts';
import type { RestartSchedulerAnswer } from '../../../shared/operations/sync-scheduler/restart-scheduler.ts';
import type { Invocation } from '../../step.ts';
import { knownJobs } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { scheduleOf, wantedSchedule, writeSchedule } from './wanted.ts';

export async function restartScheduler(
  { dryRun }: { readonly dryRun: boolean },
  deps: Invocation,
): Promise<RestartSchedulerAnswer> {
  const schedules = await schedulesFor(deps.config);
  const answer: RestartSchedulerAnswer = {
    dryRun,
    created: [],
    corrected: [],
    removed: [],
    unchanged: [],
    unreadable: [],
  };
  return deps.withTarget('restart-scheduler', (target) =>
    changingJobs(target, async () => {
      const jobs = await knownJobs(target);
      const names = await schedules.names();
      for (const job of jobs) {
        try {
          await reconcile(target, schedules, job, deps.now(), answer);
        } catch (error) {
          if (!(error instanceof PortageError) || error.code !== 'S004') throw error;
          answer.unreadable.push({ name: job.name, code: error.code, message: error.message });
        }
      }
      for (const name of names.filter((each) => !jobs.some((job) => job.name === each))) {
        // No job has it, so nobody else writes it; each removal is a request of its own.
        if (!dryRun) await schedules.remove(name, `stray-${deps.now().getTime()}`);
        answer.removed.push(name);
      }
      return answer;
    }),
  );
}

async function reconcile(
  target: Session,
  schedules: Schedules,
  job: Job,
  now: Date,
  answer: RestartSchedulerAnswer,
): Promise<void> {
  const found = await schedules.find(job.name);
  const drift = driftOf(wantedSchedule(job), found);
  const nextRunAt = nextRunOf(job, now);
  const isLate = (nextRunAt?.toISOString() ?? null) !== job.nextRunAt;
  if (!answer.dryRun && drift.length > 0) {
    await changingJob(target, async () => {
      // Another version, and so another token: whoever fires it would take the old one for the request that it has had.
      const renewed = await renewJob(target, job.jobId, nextRunAt);
      await writeSchedule(schedules, renewed);
    });
  } else if (!answer.dryRun && isLate && nextRunAt !== null) {
    await setNextRun(target, job.jobId, nextRunAt);
  }
  if (drift.length === 0) answer.unchanged.push(job.name);
  else if (found === null) answer.created.push(job.name);
  else answer.corrected.push({ name: job.name, drift: [...drift] });
}

/** What has passed while nothing fired is not made up for; a rate keeps its beat. */
function nextRunOf(job: Job, now: Date): Date | null {
  if (job.pausedAt !== null) return null;
  const known = new Date(job.nextRunAt ?? now);
  return known <= now ? nextRun(scheduleOf(job), now, known) : known;
}
