/**
 * Runs of synchronization jobs: who may begin one, and how it ended. One run of a job at a time, one run for each scheduled
 * time, and no more jobs side by side than the limit; all of it decided under one lock, so that two that begin at the same
 * moment see each other.
 */
import { PortageError } from '../../domain/errors.ts';
import type { Horizon } from '../../domain/horizon.ts';
import type { Session } from '../session.ts';
import type { RunStatus } from './operations.ts';
import type { RunJob } from './run-job.ts';

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
const RUN = `run_no, operation_id, status, execution, ${SCHEDULED} AS scheduled_time, extract(epoch FROM deadline) * 1000 AS deadline, detection`;

const runOf = (row: Record<string, string | null>): Run => ({
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

/** For the transaction in which runs are begun: nobody else begins one meanwhile. */
export const lockRuns = (target: Session): Promise<number> =>
  target.run("SELECT pg_advisory_xact_lock(hashtextextended('portage runs', 0))");

interface Active extends Run {
  readonly jobId: string;
  readonly jobName: string;
  /** Seconds since its last sign of life. */
  readonly age: number;
}

/** Runs that have not ended, with the age of their last sign of life. */
async function activeRuns(target: Session): Promise<readonly Active[]> {
  const rows = await target.rows(
    `SELECT ${RUN}, r.job_id, j.job_name, extract(epoch FROM clock_timestamp() - greatest(r.started_at, (SELECT max(w.heartbeat_at) FROM portage.workers w
       JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id WHERE c.operation_id = r.operation_id))) AS age
     FROM portage.synchronization_runs r JOIN LATERAL (SELECT job_name FROM portage.synchronization_jobs j WHERE j.id = r.job_id) j ON true WHERE r.status = 'running' ORDER BY r.run_no`,
  );
  return rows.map((row) => ({
    ...runOf(row),
    jobId: row['job_id'] ?? '',
    jobName: row['job_name'] ?? '',
    age: Number(row['age']),
  }));
}

export type Turn =
  | { readonly kind: 'begin' }
  | { readonly kind: 'mine'; readonly run: Run }
  | { readonly kind: 'wait' }
  | { readonly kind: 'skip'; readonly why: string; readonly record: boolean };

export interface Asking {
  readonly job: RunJob;
  readonly execution: string;
  /** Null: started by hand. */
  readonly scheduledTime: string | null;
  readonly overlap: 'skip' | 'queue';
  readonly leaseSeconds: number;
  readonly mostJobs: number;
}

/** A run that waits looks every few seconds; one that has not looked for so long is gone. */
const WAITING_SECONDS = 60;

/**
 * Whether a run may begin now. Under `lockRuns`; runs whose owner is dead are ended here.
 * @throws PortageError S003 where a run by hand finds its job running, or too many jobs run
 */
export async function turnOf(target: Session, asking: Asking): Promise<Turn> {
  const { job, execution, scheduledTime } = asking;
  const mine = await runOfExecution(target, execution);
  // The service may run the step twice for one execution.
  if (mine?.status === 'running') return { kind: 'mine', run: mine };
  if (scheduledTime !== null) {
    const before = await target.maybeOne<{ execution: string; status: string }>(
      'SELECT execution, status FROM portage.synchronization_runs WHERE job_id = $1 AND scheduled_time = $2',
      [job.jobId, scheduledTime],
    );
    if (before)
      return {
        kind: 'skip',
        why: `${job.jobName} had its run of ${scheduledTime} already: ${before.execution}, ${before.status}`,
        record: false,
      };
    if (job.paused) return { kind: 'skip', why: `${job.jobName} is paused`, record: true };
  }
  const alive: Active[] = [];
  for (const run of await activeRuns(target)) {
    if (run.age < asking.leaseSeconds) alive.push(run);
    else await endLost(target, run);
  }
  const own = alive.find((run) => run.jobId === job.jobId);
  if (own !== undefined) return overlapping(target, asking, own);
  if (alive.length >= asking.mostJobs)
    throw new PortageError('S003', 'too many jobs run', {
      got: alive.map((run) => run.jobName).join(', '),
      expected: `fewer than ${asking.mostJobs} at once (settings.concurrentJobs)`,
    });
  await target.run(
    'UPDATE portage.synchronization_jobs SET waiting_execution = NULL, waiting_since = NULL WHERE id = $1 AND waiting_execution = $2',
    [job.jobId, execution],
  );
  return { kind: 'begin' };
}

/** One run waits at most: it will see all that those after it would have seen. */
async function overlapping(target: Session, asking: Asking, own: Active): Promise<Turn> {
  const { job, execution, scheduledTime } = asking;
  const running = `${own.execution} is running, its last sign of life ${Math.round(own.age)} s ago`;
  if (scheduledTime === null)
    throw new PortageError('S003', `${job.jobName} runs already`, { got: running, expected: 'no run of it' });
  if (asking.overlap === 'skip')
    return { kind: 'skip', why: `${job.jobName} was still running: ${running}`, record: true };
  const waits = await target.run(
    `UPDATE portage.synchronization_jobs SET waiting_execution = $2, waiting_since = clock_timestamp()
     WHERE id = $1 AND (waiting_execution IS NULL OR waiting_execution = $2 OR waiting_since < clock_timestamp() - make_interval(secs => ${WAITING_SECONDS}))`,
    [job.jobId, execution],
  );
  if (waits > 0) return { kind: 'wait' };
  return {
    kind: 'skip',
    why: `another run of ${job.jobName} waits already, and will see the same changes`,
    record: true,
  };
}

const LOST = { code: 'S006', message: 'its execution ended without a word' } as const;

/** Ends a run whose owner gives no sign of life any more, with its operation: nobody else will. */
async function endLost(target: Session, run: Active): Promise<void> {
  await endRun(target, run.runNo, 'failed', null, LOST);
  await target.run(
    `UPDATE portage.operations SET status = 'failed', error_code = $2, error_message = $3, ended_at = now() WHERE operation_id = $1 AND status = 'running'`,
    [run.operationId, LOST.code, LOST.message],
  );
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
