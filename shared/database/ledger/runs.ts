/** Runs of synchronization jobs: how they began, what they looked at, and how they ended. */
import type { Horizon } from '../../domain/horizon.ts';
import type { Session } from '../session.ts';
import type { RunStatus } from './operations.ts';

export interface Run {
  readonly runNo: string;
  readonly operationId: string | null;
  readonly status: RunStatus;
  readonly execution: string;
  readonly scheduledTime: string | null;
  readonly deadline: Date | null;
  readonly detection: Readonly<Record<string, Detection>>;
}

/** How the changes of one entity are found. */
export interface Detection {
  readonly path: 'full' | 'horizon';
  readonly why: string;
  /** Where this run began to read, to be kept when it is complete; null where the next run cannot begin there. */
  readonly seen?: Horizon | null;
  /** A condition over the source row `s`: only rows that changed since. */
  readonly changed?: string;
}

const SCHEDULED = `to_char(scheduled_time, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
export const RUN = `run_no, operation_id, status, execution, ${SCHEDULED} AS scheduled_time, extract(epoch FROM deadline) * 1000 AS deadline, detection`;

export const runOf = (row: Record<string, string | null>): Run => ({
  runNo: row['run_no'] ?? '',
  operationId: row['operation_id'] ?? null,
  status: row['status'] as RunStatus,
  execution: row['execution'] ?? '',
  scheduledTime: row['scheduled_time'] ?? null,
  deadline: row['deadline'] ? new Date(Number(row['deadline'])) : null,
  detection: JSON.parse(row['detection'] ?? '{}') as Run['detection'],
});

/** The run of an execution, the newest where it had several. */
export async function runOfExecution(target: Session, execution: string): Promise<Run | null> {
  const row = await target.maybeOne(
    `SELECT ${RUN} FROM portage.synchronization_runs WHERE execution = $1 ORDER BY run_no DESC LIMIT 1`,
    [execution],
  );
  return row && runOf(row);
}

export async function runOfOperation(target: Session, operationId: string): Promise<Run | null> {
  const row = await target.maybeOne(`SELECT ${RUN} FROM portage.synchronization_runs WHERE operation_id = $1`, [
    operationId,
  ]);
  return row && runOf(row);
}

export interface NewRun {
  readonly jobId: string;
  readonly execution: string;
  readonly scheduledTime: string | null;
  readonly operationId: string;
  readonly deadline: Date | null;
  readonly detection: Readonly<Record<string, Detection>>;
}

/** Records that a run begins, and that its job runs. */
export async function insertRun(target: Session, run: NewRun): Promise<void> {
  await target.run(
    `INSERT INTO portage.synchronization_runs (job_id, scheduled_time, execution, operation_id, deadline, detection) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      run.jobId,
      run.scheduledTime,
      run.execution,
      run.operationId,
      run.deadline?.toISOString() ?? null,
      JSON.stringify(run.detection),
    ],
  );
  await target.run(
    "UPDATE portage.synchronization_jobs SET status = 'running', last_run_at = now(), updated_at = now() WHERE id = $1",
    [run.jobId],
  );
}

/** A run that did not begin: skipped, or failed before it had an operation. A scheduled time that is known already stays what it was. */
export const insertEnded = (
  target: Session,
  jobId: string,
  run: { readonly execution: string; readonly scheduledTime: string | null },
  status: 'skipped' | 'failed',
  error: { readonly code: string | null; readonly message: string },
): Promise<number> =>
  target.run(
    `INSERT INTO portage.synchronization_runs (job_id, scheduled_time, execution, status, error_code, error_message, ended_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) ON CONFLICT DO NOTHING`,
    [jobId, run.scheduledTime, run.execution, status, error.code, error.message],
  );

/** What was found out about one entity; those of others stay. */
export const saveDetection = (
  target: Session,
  operationId: string,
  entity: string,
  detection: Detection,
): Promise<number> =>
  target.run(
    "UPDATE portage.synchronization_runs SET detection = (coalesce(detection, '{}')::jsonb || jsonb_build_object($2::text, $3::jsonb))::json WHERE operation_id = $1",
    [operationId, entity, JSON.stringify(detection)],
  );

/** Ends a run and tells its job. A run that has ended stays as it ended. */
export async function endRun(
  target: Session,
  runNo: string,
  status: Exclude<RunStatus, 'running'>,
  summary: unknown,
  error: { readonly code: string; readonly message: string } | null,
): Promise<void> {
  const ended = await target.maybeOne<{ job_id: string }>(
    `UPDATE portage.synchronization_runs SET status = $2, summary = $3, error_code = $4, error_message = $5, ended_at = clock_timestamp()
     WHERE run_no = $1 AND status = 'running' RETURNING job_id`,
    [runNo, status, JSON.stringify(summary), error?.code ?? null, error?.message ?? null],
  );
  if (ended) await tellJob(target, ended.job_id, status === 'failed', error);
}

/** What a job's row says of its last run. */
export const tellJob = (
  target: Session,
  jobId: string,
  failed: boolean,
  error: { readonly code: string; readonly message: string } | null,
): Promise<number> =>
  target.run(
    `UPDATE portage.synchronization_jobs SET status = CASE WHEN paused_at IS NOT NULL THEN 'paused' WHEN $2 THEN 'failed' ELSE 'scheduled' END,
       last_error = $3, updated_at = now() WHERE id = $1`,
    [jobId, failed, error === null ? null : `${error.code} ${error.message}`],
  );
