/** Runs of synchronization jobs, as the ledger keeps them, with the rows that each read and wrote. */
import { moment } from '../ledger/jobs.ts';
import type { Session } from '../session.ts';

export interface JobRun {
  readonly runNo: number;
  readonly jobId: string;
  /** Null: started by hand. */
  readonly scheduledTime: string | null;
  readonly operationId: string | null;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** So far, while it runs. */
  readonly durationMs: number;
  readonly read: number;
  readonly written: number;
  readonly conflicts: number;
  readonly setAside: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** By entity: path and why, as the run has recorded it. */
  readonly detection: unknown;
  /** By entity: counts. */
  readonly summary: unknown;
}

const summed = (...fields: readonly string[]): string =>
  `(SELECT coalesce(sum(${fields.map((field) => `coalesce((e.value ->> '${field}')::numeric, 0)`).join(' + ')}), 0)
    FROM jsonb_each(CASE jsonb_typeof(r.summary) WHEN 'object' THEN r.summary ELSE '{}' END) e WHERE jsonb_typeof(e.value) = 'object')`;

const COLUMNS = `r.run_no, r.job_id, r.operation_id, r.status, r.error_code, r.error_message, r.detection, r.summary,
  ${moment('r.scheduled_time')} AS scheduled_time, ${moment('r.started_at')} AS started_at, ${moment('r.ended_at')} AS ended_at,
  round(extract(epoch FROM coalesce(r.ended_at, clock_timestamp()) - r.started_at) * 1000) AS duration_ms, ${summed('read')} AS read,
  ${summed('inserted', 'updated', 'deleted', 'adopted')} AS written, ${summed('conflicts')} AS conflicts, ${summed('setAside')} AS set_aside`;

const runOf = (row: Record<string, string | null>): JobRun => ({
  runNo: Number(row['run_no']),
  jobId: row['job_id'] ?? '',
  scheduledTime: row['scheduled_time'] ?? null,
  operationId: row['operation_id'] ?? null,
  status: row['status'] ?? '',
  startedAt: row['started_at'] ?? '',
  endedAt: row['ended_at'] ?? null,
  durationMs: Number(row['duration_ms']),
  read: Number(row['read']),
  written: Number(row['written']),
  conflicts: Number(row['conflicts']),
  setAside: Number(row['set_aside']),
  errorCode: row['error_code'] ?? null,
  errorMessage: row['error_message'] ?? null,
  detection: JSON.parse(row['detection'] ?? 'null') as unknown,
  summary: JSON.parse(row['summary'] ?? 'null') as unknown,
});

/** The last runs of each job, newest first; runs that were skipped because another one ran are none. */
export async function lastRuns(target: Session, jobIds: readonly string[], count: number): Promise<JobRun[]> {
  const rows = await target.rows(
    `SELECT ${COLUMNS} FROM unnest($1::uuid[]) j (id) CROSS JOIN LATERAL
       (SELECT * FROM portage.synchronization_runs x WHERE x.job_id = j.id AND x.status <> 'skipped' ORDER BY x.started_at DESC, x.run_no DESC LIMIT $2) r
     ORDER BY r.started_at DESC, r.run_no DESC`,
    [jobIds, count],
  );
  return rows.map(runOf);
}

export interface JobRecord {
  /** When the last run began that came to its end: up to there the target follows. */
  readonly followedUntil: string | null;
  /** Failed runs since one that came to its end. */
  readonly failures: number;
  /** Seconds since the last sign of life of the run in progress; null: none runs. */
  readonly silentSeconds: number | null;
}

/** What the runs of each job say of it. */
export async function jobRecords(target: Session, jobIds: readonly string[]): Promise<ReadonlyMap<string, JobRecord>> {
  const rows = await target.rows<Record<string, string | null>>(
    `SELECT j.id, ${moment('g.started_at')} AS followed_until,
       (SELECT count(*) FROM portage.synchronization_runs f WHERE f.job_id = j.id AND f.status = 'failed' AND (g.started_at IS NULL OR f.started_at > g.started_at)) AS failures,
       (SELECT extract(epoch FROM clock_timestamp() - greatest(r.started_at,
            (SELECT max(w.heartbeat_at) FROM portage.workers w JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id WHERE c.operation_id = r.operation_id)))
        FROM portage.synchronization_runs r WHERE r.job_id = j.id AND r.status = 'running') AS silent
     FROM unnest($1::uuid[]) j (id) LEFT JOIN LATERAL
       (SELECT started_at FROM portage.synchronization_runs x WHERE x.job_id = j.id AND x.status IN ('completed', 'completed_with_findings') ORDER BY x.started_at DESC LIMIT 1) g ON true`,
    [jobIds],
  );
  return new Map(
    rows.map((row) => [
      row['id'] ?? '',
      {
        followedUntil: row['followed_until'] ?? null,
        failures: Number(row['failures']),
        silentSeconds: row['silent'] === null || row['silent'] === undefined ? null : Math.round(Number(row['silent'])),
      },
    ]),
  );
}
