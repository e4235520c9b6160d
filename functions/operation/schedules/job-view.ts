/** Jobs and runs as the commands answer them. */
import type { JobRun } from '../../../shared/database/inspect/job-runs.ts';
import type { Job } from '../../../shared/database/ledger/jobs.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { JobView, RunView } from '../../../shared/operations/sync-scheduler/job.ts';
import { scheduleOf } from './wanted.ts';

export function viewOf({ mapName, pausedAt, ...job }: Job): JobView {
  return {
    ...job,
    entities: [...job.entities],
    map: mapName,
    paused: pausedAt !== null,
    pausedAt,
    expression: expressionOf(job),
  };
}

function expressionOf(job: Pick<Job, 'schedule' | 'timezone'>): string | null {
  try {
    return scheduleOf(job).expression;
  } catch (error) {
    if (error instanceof PortageError) return null;
    throw error;
  }
}

export function runViewOf(run: JobRun): RunView {
  const { jobId: _jobId, errorCode, errorMessage, detection: _detection, summary: _summary, ...rest } = run;
  return { ...rest, error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' } };
}

/** With which way each entity was read, and its counts. */
export const detailedRunOf = (run: JobRun): RunView & { detection: unknown; summary: unknown } => ({
  ...runViewOf(run),
  detection: run.detection,
  summary: run.summary,
});

/** Seconds from an instant until now. */
export const secondsSince = (instant: string | null | undefined, now: Date): number | null =>
  instant === null || instant === undefined
    ? null
    : Math.max(0, Math.round((now.getTime() - Date.parse(instant)) / 1000));
