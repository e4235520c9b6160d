// `sync-scheduler start` on this machine, with the real jobs, schedules and machines, and a clock of the test's.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { localExecutions } from '../../cli/local/executions.ts';
import { runScheduler } from '../../cli/local/scheduler-command.ts';
import type { SchedulerEvent } from '../../cli/output/scheduler-events.ts';
import { localSchedules } from '../../shared/schedules/local-schedules.ts';
import { jobs, type Jobs } from '../support/job-commands.ts';

let j: Jobs;
beforeAll(async () => void (j = await jobs()));
afterAll(() => j.end());
beforeEach(() => j.empty());

/** Fires until somebody interrupts; the clock stands at these times, one a look, and then at the last. */
async function start(times: readonly string[], seen: (event: SchedulerEvent, interrupt: () => void) => void) {
  const events: SchedulerEvent[] = [];
  const left = [...times];
  let interrupt = (): void => undefined;
  const exit = await runScheduler(
    { schedules: localSchedules(j.folder), executions: () => localExecutions() },
    { onInterrupt: (listener) => ((interrupt = listener), () => undefined) },
    {
      seconds: null,
      kill: () => undefined,
      now: () => new Date((left.length > 1 ? left.shift() : left[0])!),
      tell: (event) => {
        events.push(event);
        seen(event, () => interrupt());
      },
    },
  );
  return { exit, events };
}
const before = ['2026-06-01T01:59:58Z', '2026-06-01T01:59:58Z', '2026-06-01T01:59:59Z'];

describe('start', () => {
  test('heals the schedules, fires a job at its time, and moves its next run on', async () => {
    await j.create('nightly', { schedule: '0 2 * * *', timezone: 'UTC' });
    await j.create('paused', { schedule: '0 2 * * *', timezone: 'UTC' });
    await j.job('pause-job', { name: 'paused' });
    await localSchedules(j.folder).remove('nightly', 't');
    const { exit, events } = await start([...before, '2026-06-01T02:00:00Z'], (event, interrupt) => {
      if (event.event === 'run_ended' || event.event === 'run_failed') interrupt();
    });
    expect(events.map(({ event }) => event)).toEqual([
      'schedules',
      'started',
      'run_started',
      'run_ended',
      'stopping',
      'stopped',
    ]);
    expect(events[0]).toMatchObject({ answer: { created: ['nightly'] } });
    expect(events[2]).toMatchObject({ job: 'nightly', scheduledTime: '2026-06-01T02:00:00Z', missed: 0 });
    expect(events[3]).toMatchObject({ answer: { status: 'completed', jobName: 'nightly' } });
    expect(exit).toBe(0);
    const [job] = await j.list();
    expect(job).toMatchObject({
      name: 'nightly',
      status: 'scheduled',
      lastRun: { scheduledTime: '2026-06-01T02:00:00.000Z' },
    });
    expect(Date.parse(job!.nextRunAt!)).toBeGreaterThan(Date.now());
    expect(await j.p.value('SELECT count(*) FROM doctors')).toBe('20');
  });

  test('fired twice for one time, as by two of them, has one run', async () => {
    await j.create('nightly', { schedule: '0 2 * * *', timezone: 'UTC' });
    const end = (event: SchedulerEvent, interrupt: () => void): void => {
      if (event.event === 'run_ended' || event.event === 'run_failed') interrupt();
    };
    await start([...before, '2026-06-01T02:00:00Z'], end);
    const again = await start([...before, '2026-06-01T02:00:00Z'], end);
    expect(again.exit).toBe(0);
    expect(await j.p.rows("SELECT status FROM synchronization_runs WHERE status <> 'skipped'")).toEqual([
      { status: 'completed' },
    ]);
  });

  test('goes on when a run fails, tells why, and ends with 1', async () => {
    await j.create('nightly', { schedule: '0 2 * * *', timezone: 'UTC' });
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET mode = 'no such mode'");
    const { exit, events } = await start([...before, '2026-06-01T02:00:00Z'], (event, interrupt) => {
      if (event.event === 'run_failed') interrupt();
    });
    expect(exit).toBe(1);
    expect(events.find(({ event }) => event === 'run_failed')).toMatchObject({
      job: 'nightly',
      failure: { code: 'S001' },
    });
  });
});
