/** `sync-scheduler health-check`: what is wrong with the jobs, and what to do about each. */
import { jobRecords, lastRuns, type JobRecord, type JobRun } from '../../../shared/database/inspect/job-runs.ts';
import type { Job } from '../../../shared/database/ledger/jobs.ts';
import type { Settings } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { lastRun } from '../../../shared/domain/schedule/next-run.ts';
import { logger } from '../../../shared/log/current.ts';
import type { HealthCheckAnswer } from '../../../shared/operations/sync-scheduler/health-check.ts';
import type { Invocation } from '../../step.ts';
import { driftOfJob } from './job-status.ts';
import { secondsSince } from './job-view.ts';
import { knownJob, knownJobs } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { scheduleOf } from './wanted.ts';

type Finding = HealthCheckAnswer['jobs'][number]['findings'][number];

/** A start is due to the minute, and a run that waits for a place has some more. */
const OVERDUE_SECONDS = 300;
/** A batch shows a sign of life, and none takes so long. */
const STUCK_SECONDS = 600;
/** Without a limit in the settings: one run may be under way and one may have failed; the third time that passed is too many. */
const TIMES_MISSED = 3;

export async function healthCheck(
  { name }: { readonly name?: string | undefined },
  deps: Invocation,
): Promise<HealthCheckAnswer> {
  const settings = deps.settings(await deps.configuredMap());
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget('health-check', async (target) => {
    const jobs = name === undefined ? await knownJobs(target) : [await knownJob(target, name)];
    const ids = jobs.map(({ jobId }) => jobId);
    const records = ids.length === 0 ? new Map<string, JobRecord>() : await jobRecords(target, ids);
    const runs = ids.length === 0 ? [] : await lastRuns(target, ids, 1);
    const now = deps.now();
    const checked: HealthCheckAnswer['jobs'] = [];
    for (const job of jobs) {
      const record = records.get(job.jobId) ?? { followedUntil: null, failures: 0, silentSeconds: null };
      const last = runs.find(({ jobId }) => jobId === job.jobId);
      const { drift } = await driftOfJob(schedules, job);
      const findings = [
        ...unreadable(job),
        ...overdue(job, now, deps.config.scheduler !== null),
        ...failing(job, record, last),
        ...stuck(job, record),
        ...drift.map((text) => finding('drifted', `its schedule: ${text}`, 'portage sync-scheduler restart-scheduler')),
        ...lagging(job, record, settings, now),
      ];
      checked.push({
        name: job.name,
        status: job.status,
        lagSeconds: secondsSince(record.followedUntil, now),
        findings,
      });
    }
    tell(checked);
    const strays =
      name === undefined ? (await schedules.names()).filter((each) => !jobs.some((job) => job.name === each)) : [];
    return {
      healthy: strays.length === 0 && checked.every(({ findings }) => findings.length === 0),
      jobs: checked,
      strays,
    };
  });
}

/** A line in the errors log each, by which an alarm is raised. */
function tell(jobs: HealthCheckAnswer['jobs']): void {
  for (const { name, findings } of jobs)
    for (const { kind, message, next } of findings)
      logger('errors').error('job_health', { job: name, finding: kind, message, next });
}

const finding = (kind: Finding['kind'], message: string, next: string): Finding => ({ kind, message, next });

function unreadable(job: Job): readonly Finding[] {
  try {
    scheduleOf(job);
    return [];
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    const next = `portage sync-scheduler update-job --name ${job.name} --schedule "0 2 * * *"`;
    return [finding('unreadable', `${error.code} ${error.message}`, next)];
  }
}

function overdue(job: Job, now: Date, deployed: boolean): readonly Finding[] {
  const late = secondsSince(job.nextRunAt, now) ?? 0;
  if (job.pausedAt !== null || job.status === 'running' || late < OVERDUE_SECONDS) return [];
  const next = deployed
    ? 'Look into the dead-letter queue of the scheduler, then: portage sync-scheduler restart-scheduler'
    : 'Nobody fires the jobs of this machine: portage sync-scheduler start';
  return [finding('overdue', `was to run at ${job.nextRunAt ?? ''}, ${duration(late)} ago`, next)];
}

function failing(job: Job, { failures }: JobRecord, last: JobRun | undefined): readonly Finding[] {
  if (failures === 0) return [];
  const why =
    last?.errorCode === null || last === undefined ? '' : `, at last with ${last.errorCode} ${last.errorMessage ?? ''}`;
  const times = failures === 1 ? 'its last run failed' : `its last ${failures} runs failed`;
  return [finding('failing', `${times}${why}`, `portage sync-scheduler job-status --name ${job.name} --detailed`)];
}

function stuck(job: Job, { silentSeconds }: JobRecord): readonly Finding[] {
  const next = 'portage migration-analyzer stop-all-operations --graceful';
  if (silentSeconds !== null && silentSeconds >= STUCK_SECONDS)
    return [finding('stuck', `its run shows no sign of life since ${duration(silentSeconds)}`, next)];
  if (job.status === 'running' && silentSeconds === null)
    return [
      finding(
        'stuck',
        'it says that it runs, and no run of it is in progress',
        `portage sync-scheduler run-job --name ${job.name} --manual`,
      ),
    ];
  return [];
}

function lagging(job: Job, { followedUntil }: JobRecord, settings: Settings, now: Date): readonly Finding[] {
  if (job.pausedAt !== null) return [];
  const since = followedUntil ?? job.createdAt;
  const lag = secondsSince(since, now) ?? 0;
  const next = `portage sync-scheduler job-status --name ${job.name} --detailed`;
  const of = `the target may be ${duration(lag)} behind`;
  if (settings.lagLimitSeconds !== undefined)
    return lag > settings.lagLimitSeconds
      ? [finding('lagging', `${of}, more than ${duration(settings.lagLimitSeconds)}`, next)]
      : [];
  const missed = timesMissed(job, new Date(since), now);
  return missed >= TIMES_MISSED
    ? [finding('lagging', `${of}: ${missed} times have passed without a run that ended well`, next)]
    : [];
}

function timesMissed(job: Job, since: Date, now: Date): number {
  try {
    return lastRun(scheduleOf(job), since, now, since)?.times ?? 0;
  } catch (error) {
    if (error instanceof PortageError) return 0;
    throw error;
  }
}

/** 90 s, 12 min, 5 h, 3 days. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
