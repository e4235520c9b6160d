/**
 * `sync-scheduler start` on this machine: makes the schedules equal the jobs, then fires them through the port `Executions`
 * until Ctrl-C, which lets runs in progress end at their next batch border.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nextRun } from '../../shared/domain/schedule/next-run.ts';
import { logger } from '../../shared/log/current.ts';
import { failureOf, failureOfThrown, thrownFrom } from '../../shared/operations/failure.ts';
import type { Executions, Schedules } from '../../shared/operations/ports.ts';
import {
  restartScheduler,
  restartSchedulerAnswer,
  type RestartSchedulerAnswer,
} from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { executionName } from '../execute.ts';
import type { Io } from '../io.ts';
import type { SchedulerEvent } from '../output/scheduler-events.ts';
import { SchedulerClock, type Firing } from './scheduler.ts';

export interface SchedulerPorts {
  readonly schedules: Schedules;
  /** Anew for each run: an execution is kept by its port as long as that lives, and this goes on for weeks. */
  executions(): Executions;
}

export interface SchedulerOptions {
  /** Null: until Ctrl-C. */
  readonly seconds: number | null;
  readonly tell: (event: SchedulerEvent) => void;
  readonly kill: () => void;
  readonly now?: () => Date;
}

/** Schedules are followed to the second. */
const LOOK_MS = 1000;

/** @returns the exit status: 1 where a run failed */
export async function runScheduler(
  ports: SchedulerPorts,
  io: Pick<Io, 'onInterrupt'>,
  options: SchedulerOptions,
): Promise<0 | 1> {
  const { tell, kill, now = () => new Date() } = options;
  const end = new AbortController();
  const ended = (): boolean => end.signal.aborted;
  /** Each with what stops it. */
  const running = new Map<Promise<void>, () => Promise<void>>();
  const forget = io.onInterrupt(() => {
    if (ended()) {
      kill();
      return;
    }
    tell({ event: 'stopping', running: running.size });
    end.abort();
    for (const stop of running.values()) void stop();
  });
  const failed: string[] = [];
  const fire = (firing: Firing): void => {
    const executions = ports.executions();
    const name = executionName({ name: 'sync' }, now());
    const run = runOnce(executions, name, firing, tell)
      .then((ok) => {
        if (!ok) failed.push(firing.job);
      })
      .finally(() => running.delete(run));
    running.set(run, () => executions.stop(name));
  };
  try {
    tell({ event: 'schedules', answer: await reconciled(ports.executions()) });
    const clock = new SchedulerClock(ports.schedules);
    await clock.look(now());
    tell({ event: 'started', jobs: comingRuns(clock, now()) });
    const until = options.seconds === null ? Infinity : performance.now() + options.seconds * 1000;
    while (!ended() && performance.now() < until) {
      // By the clock that cannot be set: one that stands still or jumps changes what is due, not how often it is looked at.
      await sleep(Math.min(LOOK_MS, until - performance.now()), undefined, { signal: end.signal }).catch(
        () => undefined,
      );
      if (ended()) break;
      for (const firing of await looked(clock, now(), tell)) fire(firing);
    }
    await Promise.all(running.keys());
  } finally {
    forget();
  }
  tell({ event: 'stopped' });
  return failed.length > 0 ? 1 : 0;
}

/** A disk that cannot be read for a moment ends no scheduler. */
async function looked(clock: SchedulerClock, now: Date, tell: SchedulerOptions['tell']): Promise<readonly Firing[]> {
  try {
    return await clock.look(now);
  } catch (error) {
    tell({ event: 'trouble', failure: failureOfThrown(error) });
    return [];
  }
}

const comingRuns = (clock: SchedulerClock, now: Date) =>
  clock
    .enabled()
    .map(({ job, schedule, anchor }) => ({ job, nextRunAt: nextRun(schedule, now, anchor).toISOString() }))
    .sort((a, b) => a.nextRunAt.localeCompare(b.nextRunAt));

async function reconciled(executions: Executions): Promise<RestartSchedulerAnswer> {
  const name = executionName(restartScheduler);
  await executions.start('operation', name, { command: commandOf(restartScheduler), dryRun: false });
  const { status, output, error, cause } = await executions.wait(name);
  if (status === 'SUCCEEDED') return restartSchedulerAnswer.parse(output);
  // Without the jobs nothing can be fired: told as if it had been thrown here.
  throw thrownFrom(failureOf(error ?? 'SYS008', cause ?? ''));
}

/** @returns whether it came to its end */
async function runOnce(
  executions: Executions,
  name: string,
  { job, scheduledTime, missed }: Firing,
  tell: SchedulerOptions['tell'],
): Promise<boolean> {
  const at = scheduledTime.toISOString().replace('.000Z', 'Z');
  tell({ event: 'run_started', job, scheduledTime: at, missed });
  try {
    // As EventBridge Scheduler starts it (shared/aws/schedules.ts).
    await executions.start('synchronization', name, { jobName: job, scheduledTime: at });
    const { status, output, error, cause } = await executions.wait(name);
    if (status === 'SUCCEEDED') {
      tell({ event: 'run_ended', job, scheduledTime: at, answer: output });
      return true;
    }
    return told(
      { event: 'run_failed', job, scheduledTime: at, failure: failureOf(error ?? 'SYS008', cause ?? '') },
      tell,
    );
  } catch (error) {
    return told({ event: 'run_failed', job, scheduledTime: at, failure: failureOfThrown(error) }, tell);
  }
}

function told(event: Extract<SchedulerEvent, { event: 'run_failed' }>, tell: SchedulerOptions['tell']): false {
  const { job, scheduledTime, failure } = event;
  logger('sync').error('sync_operation failed', { job, scheduledTime, code: failure.code, message: failure.message });
  tell(event);
  return false;
}
