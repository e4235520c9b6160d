/** The schedule that a job wants, and how it comes to stand there. */
import type { Job } from '../../../shared/database/ledger/jobs.ts';
import { nextRun } from '../../../shared/domain/schedule/next-run.ts';
import { parseSchedule, type Schedule } from '../../../shared/domain/schedule/schedule.ts';
import type { JobSchedule, Schedules } from '../../../shared/operations/ports.ts';

/** @throws PortageError S004 where the row in the ledger cannot be read */
export const scheduleOf = ({ schedule, timezone }: Pick<Job, 'schedule' | 'timezone'>): Schedule =>
  parseSchedule(schedule, timezone);

/** When it fires first, as of now: a rate counts from now on. */
export const firstRun = (job: Pick<Job, 'schedule' | 'timezone'>, now: Date): Date =>
  nextRun(scheduleOf(job), now, now);

/** @throws PortageError S004 */
export function wantedSchedule(job: Job): JobSchedule {
  const { kind, expression, timezone } = scheduleOf(job);
  return {
    name: job.name,
    expression,
    timezone,
    enabled: job.pausedAt === null,
    startsAt: kind === 'rate' ? job.nextRunAt : null,
  };
}

/** Under the job's version: the same one again is the same request. */
export const tokenOf = ({ jobId, version }: Pick<Job, 'jobId' | 'version'>): string => `${jobId}-${version}`;

export const writeSchedule = (schedules: Schedules, job: Job): Promise<void> =>
  schedules.put(wantedSchedule(job), tokenOf(job));
