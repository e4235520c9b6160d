// Whatever died, came twice or was edited by somebody: restart-scheduler makes schedules and jobs agree.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localSchedules } from '../../shared/schedules/local-schedules.ts';
import { restartSchedulerAnswer } from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import { ask } from '../support/inspect.ts';
import { jobs, type Jobs } from '../support/job-commands.ts';

let j: Jobs;
beforeAll(async () => void (j = await jobs()));
afterAll(() => j.end());
beforeEach(() => j.empty());

describe('restart-scheduler', () => {
  const edit = async (name: string, change: Record<string, unknown>): Promise<void> => {
    const file = join(j.folder, `${name}.json`);
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...change }));
  };

  test('creates what is missing, corrects what differs, removes what nobody asked for, and leaves the rest', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await j.create(name);
    await rm(join(j.folder, 'a.json'));
    await edit('b', { expression: 'rate(1 minute)' });
    await edit('c', { enabled: false });
    await edit('d', { timezone: 'UTC' });
    await localSchedules(j.folder).put(
      { name: 'stray', expression: 'rate(1 minute)', timezone: 'UTC', enabled: true, startsAt: null },
      't',
    );
    const expected = {
      created: ['a'],
      corrected: [
        { name: 'b', drift: ['fires at rate(1 minute) instead of cron(0 2 * * ? *)'] },
        { name: 'c', drift: ['is disabled'] },
        { name: 'd', drift: ['in UTC instead of Europe/Berlin'] },
      ],
      removed: ['stray'],
      unchanged: ['e'],
    };
    const before = await readdir(j.folder);
    expect(await j.restart({ dryRun: true })).toMatchObject({ ...expected, dryRun: true });
    expect(await readdir(j.folder)).toEqual(before);
    expect((await j.status('b')).schedule).toEqual({ found: true, drift: expected.corrected[0]!.drift });
    expect(await j.restart()).toMatchObject(expected);
    expect(await j.restart()).toMatchObject({
      ...{ created: [], corrected: [], removed: [], unchanged: ['a', 'b', 'c', 'd', 'e'] },
    });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      expect(await j.schedule(name)).toMatchObject({
        expression: 'cron(0 2 * * ? *)',
        timezone: 'Europe/Berlin',
        enabled: true,
      });
  });

  test('keeps a paused job paused', async () => {
    await j.create('a');
    await j.job('pause-job', { name: 'a' });
    await edit('a', { enabled: true });
    expect(await j.restart()).toMatchObject({ corrected: [{ name: 'a', drift: ['fires, though the job is paused'] }] });
    expect(await j.schedule('a')).toMatchObject({ enabled: false });
  });

  test('tells of a row that cannot be read, and goes on', async () => {
    await j.create('a');
    await j.create('b');
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET schedule = 'now and then' WHERE job_name = 'a'");
    await rm(join(j.folder, 'b.json'));
    const { answer, exit } = await ask(restartSchedulerAnswer, 'sync-scheduler restart-scheduler');
    expect(answer).toMatchObject({ created: ['b'], removed: [], unreadable: [{ name: 'a', code: 'S004' }] });
    expect(exit).toBe(1);
    expect(await j.schedule('a')).not.toBeNull();
    expect((await j.status('a')).job.expression).toBeNull();
  });

  test('moves on a time that has passed while nobody fired, and keeps the beat of a rate', async () => {
    await j.create('a');
    await j.create('b', { schedule: 'rate(1 hour)' });
    await j.p.run(
      'target',
      "UPDATE portage.synchronization_jobs SET next_run_at = next_run_at - interval '150 minutes 1 second'",
    );
    const before = new Map((await j.list()).map(({ name, nextRunAt }) => [name, Date.parse(nextRunAt!)]));
    await j.restart();
    const after = new Map((await j.list()).map(({ name, nextRunAt }) => [name, Date.parse(nextRunAt!)]));
    for (const name of ['a', 'b']) expect(after.get(name)).toBeGreaterThan(Date.now());
    expect((after.get('b')! - before.get('b')!) % 3_600_000).toBe(0);
  });

  test('beside create-job, pause-job and itself leaves every schedule as its job wants it', async () => {
    await Promise.all([
      ...['a', 'b', 'c', 'd'].map((name) => j.create(name)),
      j.restart(),
      j.restart(),
      j.create('e').then(() => j.job('pause-job', { name: 'e' })),
      j.restart(),
    ]);
    const jobs = await j.list();
    expect(jobs.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const { name, paused } of jobs) expect(await j.schedule(name)).toMatchObject({ enabled: !paused });
    expect(await j.restart()).toMatchObject({ created: [], corrected: [], removed: [] });
  });
});

describe('what a person asks of a job', () => {
  test('is told by job-status, with the settings that its runs work with', async () => {
    await j.create('a', { entities: ['doctors'], conflictResolution: 'source_wins' });
    expect(await j.status('a', { showConfig: true, detailed: true })).toMatchObject({
      ...{ lagSeconds: null, lastRun: null, runs: [], schedule: { found: true, drift: [] } },
      config: { entities: [{ entity: 'doctors', conflicts: 'source_wins', deletes: 'report' }] },
    });
    await rm(join(j.folder, 'a.json'));
    expect(await j.status('a')).toMatchObject({
      ...{
        schedule: { found: false, drift: ['there is no schedule'] },
        notes: [expect.stringContaining('restart-scheduler')],
      },
    });
  });
});
