/**
 * Who may begin a run: one run of a job at a time, one run for each scheduled time, and no more jobs side by side than the
 * limit; all of it decided under one lock, so that two that begin at the same moment see each other.
 */
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';
import type { RunJob } from './run-job.ts';
import { endRun, RUN, runOf, runOfExecution, type Run } from './runs.ts';

/** For the transaction in which runs are begun: nobody else begins one meanwhile. */
export const lockRuns = (target: Session): Promise<number> =>
  target.run("SELECT pg_advisory_xact_lock(hashtextextended('portage runs', 0))");

interface Active extends Run {
  readonly jobId: string;
  readonly jobName: string;
  /** Seconds since its last sign of life. */
  readonly age: number;
  /** Seconds since it began. */
  readonly runs: number;
}

/** Runs that have not ended, with the age of their last sign of life. */
async function activeRuns(target: Session): Promise<readonly Active[]> {
  const rows = await target.rows(
    `SELECT ${RUN}, r.job_id, j.job_name, extract(epoch FROM clock_timestamp() - greatest(r.started_at, (SELECT max(w.heartbeat_at) FROM portage.workers w
       JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id WHERE c.operation_id = r.operation_id))) AS age,
       extract(epoch FROM clock_timestamp() - r.started_at) AS runs
     FROM portage.synchronization_runs r JOIN LATERAL (SELECT job_name FROM portage.synchronization_jobs j WHERE j.id = r.job_id) j ON true WHERE r.status = 'running' ORDER BY r.run_no`,
  );
  return rows.map((row) => ({
    ...runOf(row),
    jobId: row['job_id'] ?? '',
    jobName: row['job_name'] ?? '',
    age: Number(row['age']),
    runs: Number(row['runs']),
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
 * A run that waited for a longer one would fill the history of its execution with its looks, which ends it after seven hours
 * and a half (test/unit/execution-room.test.ts). The next one sees what it would have seen.
 */
export const LONGEST_WAIT_SECONDS = 6 * 3600;

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
  await waitNoMore(target, asking);
  return { kind: 'begin' };
}

const waitNoMore = (target: Session, { job, execution }: Asking): Promise<number> =>
  target.run(
    'UPDATE portage.synchronization_jobs SET waiting_execution = NULL, waiting_since = NULL WHERE id = $1 AND waiting_execution = $2',
    [job.jobId, execution],
  );

/** One run waits at most: it will see all that those after it would have seen. */
async function overlapping(target: Session, asking: Asking, own: Active): Promise<Turn> {
  const { job, execution, scheduledTime } = asking;
  const running = `${own.execution} is running, its last sign of life ${Math.round(own.age)} s ago`;
  if (scheduledTime === null)
    throw new PortageError('S003', `${job.jobName} runs already`, { got: running, expected: 'no run of it' });
  if (asking.overlap === 'skip')
    return { kind: 'skip', why: `${job.jobName} was still running: ${running}`, record: true };
  if (own.runs > LONGEST_WAIT_SECONDS) {
    await waitNoMore(target, asking);
    return { kind: 'skip', why: `${job.jobName} has been running for more than six hours: ${running}`, record: true };
  }
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
