/**
 * Synchronization jobs: the truth about what shall run and when. Schedules in EventBridge, or of this machine, follow from
 * these rows; where they differ the rows are right.
 */
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';

export const JOB_STATUSES = ['scheduled', 'running', 'paused', 'failed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** What a person says of a job. */
export interface JobWish {
  readonly name: string;
  /** `all` alone, or names. */
  readonly entities: readonly string[];
  readonly schedule: string;
  readonly timezone: string;
  readonly mode: string;
  /** Null: what the map says of each entity. */
  readonly conflictResolution: string | null;
  readonly batchSize: number | null;
  readonly timeoutMs: number | null;
  readonly overlap: 'skip' | 'queue';
  readonly fullEveryHours: number;
}

export interface Job extends JobWish {
  readonly jobId: string;
  readonly mapName: string;
  readonly status: JobStatus;
  /** Rises with every change: a schedule is written under it, and never twice under one. */
  readonly version: number;
  readonly pausedAt: string | null;
  readonly lastRunAt: string | null;
  /** Null while it is paused. */
  readonly nextRunAt: string | null;
  readonly lastError: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Milliseconds, so that an instant reads back as it was written. */
export const moment = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const COLUMNS = `id, map_name, job_name, to_json(entities) AS entities, schedule, timezone, mode, conflict_resolution, batch_size, timeout_ms,
  overlap, extract(epoch FROM full_every) / 3600 AS full_every_hours, status, version, last_error, ${[
    'paused_at',
    'last_run_at',
    'next_run_at',
    'created_at',
    'updated_at',
  ]
    .map((column) => `${moment(column)} AS ${column}`)
    .join(', ')}`;

const numberOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

const jobOf = (row: Record<string, string | null>): Job => ({
  jobId: row['id'] ?? '',
  mapName: row['map_name'] ?? '',
  name: row['job_name'] ?? '',
  entities: JSON.parse(row['entities'] ?? '[]') as string[],
  schedule: row['schedule'] ?? '',
  timezone: row['timezone'] ?? '',
  mode: row['mode'] ?? '',
  conflictResolution: row['conflict_resolution'] ?? null,
  batchSize: numberOrNull(row['batch_size']),
  timeoutMs: numberOrNull(row['timeout_ms']),
  overlap: row['overlap'] as Job['overlap'],
  fullEveryHours: Number(row['full_every_hours']),
  status: row['status'] as JobStatus,
  version: Number(row['version']),
  pausedAt: row['paused_at'] ?? null,
  lastRunAt: row['last_run_at'] ?? null,
  nextRunAt: row['next_run_at'] ?? null,
  lastError: row['last_error'] ?? null,
  createdAt: row['created_at'] ?? '',
  updatedAt: row['updated_at'] ?? '',
});

const LOCK = "hashtextextended('portage jobs', 0)";

/**
 * The work, alone: whoever changes jobs and their schedules waits here for whoever else does. No transaction, because many
 * schedules are asked for over the network meanwhile, and a transaction that does nothing so long is ended.
 */
export async function changingJobs<T>(target: Session, work: () => Promise<T>): Promise<T> {
  await target.run(`SELECT pg_advisory_lock(${LOCK})`);
  const result = await work();
  // Not after an error: a session that failed is given up, and its locks with it (functions/session-pool.ts).
  await target.run(`SELECT pg_advisory_unlock(${LOCK})`);
  return result;
}

/** A row and the schedule that follows from it, together: where the schedule cannot be written, the row has not changed. */
export const changingJob = <T>(target: Session, work: () => Promise<T>): Promise<T> => transaction(target, work);

/** Whether this target has a ledger that knows of jobs; one that an earlier version wrote has none. */
export async function hasJobs(target: Session): Promise<boolean> {
  const { known } = await target.one<{ known: string }>(
    "SELECT (to_regclass('portage.synchronization_runs') IS NOT NULL)::text AS known",
  );
  return known === 'true';
}

/** By name. */
export async function listJobs(target: Session, status: JobStatus | null = null): Promise<Job[]> {
  const rows = await target.rows(
    `SELECT ${COLUMNS} FROM portage.synchronization_jobs WHERE $1::text IS NULL OR status = $1 ORDER BY job_name COLLATE "C"`,
    [status],
  );
  return rows.map(jobOf);
}

/** Null where the name is taken: names that differ in letter case alone would be one name on some disks, and to people. */
export async function insertJob(target: Session, mapName: string, job: JobWish, nextRunAt: Date): Promise<Job | null> {
  const row = await target.maybeOne(
    `INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule, timezone, mode, conflict_resolution, batch_size, timeout_ms, overlap, full_every, next_run_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, make_interval(secs => $11::double precision * 3600), $12
     WHERE NOT EXISTS (SELECT FROM portage.synchronization_jobs WHERE lower(job_name) = lower($2)) RETURNING ${COLUMNS}`,
    [mapName, ...wishValues(job), nextRunAt.toISOString()],
  );
  return row && jobOf(row);
}

/** Another wish for the same job, and so another version. */
export async function updateJob(target: Session, jobId: string, job: JobWish, nextRunAt: Date | null): Promise<Job> {
  return jobOf(
    await target.one(
      `UPDATE portage.synchronization_jobs SET job_name = $2, entities = $3, schedule = $4, timezone = $5, mode = $6, conflict_resolution = $7, batch_size = $8,
         timeout_ms = $9, overlap = $10, full_every = make_interval(secs => $11::double precision * 3600), next_run_at = $12, version = version + 1, updated_at = now()
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [jobId, ...wishValues(job), nextRunAt?.toISOString() ?? null],
    ),
  );
}

const wishValues = (job: JobWish): readonly unknown[] => [
  job.name,
  job.entities,
  job.schedule,
  job.timezone,
  job.mode,
  job.conflictResolution,
  job.batchSize,
  job.timeoutMs,
  job.overlap,
  job.fullEveryHours,
];

/** A run in progress goes on, and says so; it finds at its end that the job is paused. */
export async function pauseJob(target: Session, jobId: string, now: Date): Promise<Job> {
  return jobOf(
    await target.one(
      `UPDATE portage.synchronization_jobs SET paused_at = $2, next_run_at = NULL, version = version + 1, updated_at = now(),
         status = CASE status WHEN 'running' THEN status ELSE 'paused' END WHERE id = $1 RETURNING ${COLUMNS}`,
      [jobId, now.toISOString()],
    ),
  );
}

export async function resumeJob(target: Session, jobId: string, nextRunAt: Date): Promise<Job> {
  return jobOf(
    await target.one(
      `UPDATE portage.synchronization_jobs SET paused_at = NULL, next_run_at = $2, version = version + 1, updated_at = now(),
         status = CASE status WHEN 'paused' THEN 'scheduled' ELSE status END WHERE id = $1 RETURNING ${COLUMNS}`,
      [jobId, nextRunAt.toISOString()],
    ),
  );
}

/** A new version of the same wish: its schedule is to be written again. */
export async function renewJob(target: Session, jobId: string, nextRunAt: Date | null): Promise<Job> {
  return jobOf(
    await target.one(
      `UPDATE portage.synchronization_jobs SET version = version + 1, next_run_at = $2, updated_at = now() WHERE id = $1 RETURNING ${COLUMNS}`,
      [jobId, nextRunAt?.toISOString() ?? null],
    ),
  );
}

/** With its runs; operations and what they wrote stay. */
export const deleteJob = (target: Session, jobId: string): Promise<number> =>
  target.run('DELETE FROM portage.synchronization_jobs WHERE id = $1', [jobId]);

/** What a job's row says of when it runs. */
export const timesOf = (
  target: Session,
  jobId: string,
): Promise<{ readonly schedule: string; readonly timezone: string }> =>
  target.one<{ schedule: string; timezone: string }>(
    'SELECT schedule, timezone FROM portage.synchronization_jobs WHERE id = $1',
    [jobId],
  );

/** When it fires next, told as soon as it has fired: the version is that of the schedule, so it stays. */
export const setNextRun = (target: Session, jobId: string, nextRunAt: Date): Promise<number> =>
  target.run('UPDATE portage.synchronization_jobs SET next_run_at = $2 WHERE id = $1 AND paused_at IS NULL', [
    jobId,
    nextRunAt.toISOString(),
  ]);
