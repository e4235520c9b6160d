// Jobs as a person makes and changes them: the row in the ledger is the truth, and the schedule follows it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refused } from '../support/inspect.ts';
import { jobs, type Jobs } from '../support/job-commands.ts';

let j: Jobs;
beforeAll(async () => void (j = await jobs()));
afterAll(() => j.end());
beforeEach(() => j.empty());

describe('a job', () => {
  test('is on a target that has no ledger yet: none is listed, one is created', async () => {
    expect(await j.list()).toEqual([]);
    expect(await j.restart()).toMatchObject({ created: [], removed: [] });
    const { answer, exit } = await j.create('daily-sync');
    expect(exit).toBe(0);
    expect(answer.job).toMatchObject({
      ...{ name: 'daily-sync', map: 'surgery', entities: ['all'], status: 'scheduled', paused: false },
      ...{ expression: 'cron(0 2 * * ? *)', mode: 'differential', conflictResolution: null, overlap: 'skip' },
    });
    expect(await j.schedule('daily-sync')).toMatchObject({
      ...{ expression: 'cron(0 2 * * ? *)', timezone: 'Europe/Berlin', enabled: true, deviations: [] },
    });
    expect(
      await j.p.rows('SELECT job_name, status, last_run_at, next_run_at > now() AS later FROM synchronization_jobs'),
    ).toEqual([{ job_name: 'daily-sync', status: 'scheduled', last_run_at: null, later: 't' }]);
  });

  test('has what it was given, and gives it back', async () => {
    const { answer } = await j.create('close', {
      ...{ entities: ['doctors'], schedule: 'rate(15 minutes)', conflictResolution: 'merge_fields then source_wins' },
      ...{ batchSize: 200, timeout: 3_600_000, overlap: 'queue', fullEveryHours: 6, mode: 'full' },
    });
    expect(answer.job).toMatchObject({
      ...{ entities: ['doctors'], conflictResolution: 'merge_fields then source_wins', batchSize: 200 },
      ...{ timeoutMs: 3_600_000, overlap: 'queue', fullEveryHours: 6, mode: 'full', expression: 'rate(15 minutes)' },
    });
    const due = Date.parse(answer.job.nextRunAt!) - Date.now();
    expect(due).toBeGreaterThan(14 * 60_000);
    expect(due).toBeLessThanOrEqual(15 * 60_000);
    expect((await j.schedule('close'))?.startsAt).toBe(answer.job.nextRunAt);
  });

  test('that has a name that is taken, entities that are not there, or a strategy that cannot decide is S001, and nothing is there', async () => {
    await j.create('daily-sync');
    expect(await refused('sync-scheduler create-job', { name: 'Daily-Sync', schedule: 'daily' })).toMatchObject({
      ...{ code: 'S001', exit: 2, got: 'daily-sync', where: 'name' },
    });
    expect(
      await refused('sync-scheduler create-job', { name: 'x', schedule: 'daily', entities: ['doctors', 'ofices'] }),
    ).toMatchObject({ code: 'S001', message: 'there is no entity ofices; did you mean "offices"?' });
    expect(
      await refused('sync-scheduler create-job', { name: 'x', schedule: 'daily', conflictResolution: 'newest_wins' }),
    ).toMatchObject({ code: 'S001', got: 'without them: offices, doctors' });
    expect(await refused('sync-scheduler create-job', { name: 'x', schedule: '0 2 1 * 1' })).toMatchObject({
      code: 'S004',
      exit: 2,
      where: 'schedule, field 5: day-of-week',
    });
    expect((await j.list()).map(({ name }) => name)).toEqual(['daily-sync']);
    expect(await readdir(j.folder)).toEqual(['daily-sync.json']);
  });

  test('whose schedule cannot be written is not there', async () => {
    await rm(j.folder, { recursive: true, force: true });
    await rm(join(j.home, 'schedules'), { recursive: true, force: true });
    await writeFile(join(j.home, 'schedules'), 'a file where a folder should be');
    await expect(j.create('daily-sync')).rejects.toThrow();
    await rm(join(j.home, 'schedules'));
    expect(await j.list()).toEqual([]);
  });

  test('whose row dies at its commit leaves a schedule of no job, which is found and removed', async () => {
    await j.create('other');
    await j.p.run(
      'target',
      `CREATE FUNCTION portage.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more room'; END $$;
       CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON portage.synchronization_jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portage.die()`,
    );
    try {
      await expect(j.create('daily-sync')).rejects.toThrow(/no more room/);
    } finally {
      await j.p.run('target', 'DROP FUNCTION portage.die CASCADE');
    }
    expect((await j.list()).map(({ name }) => name)).toEqual(['other']);
    expect(await j.restart()).toMatchObject({ created: [], removed: ['daily-sync'], unchanged: ['other'] });
    expect((await j.create('daily-sync')).answer.changed).toBe(true);
  });

  test('is changed with its schedule, and what is not said stays', async () => {
    await j.create('daily-sync', { batchSize: 100 });
    const { answer } = await j.job('update-job', {
      name: 'daily-sync',
      schedule: '30 4 * * 1-5',
      conflictResolution: 'source_wins',
    });
    expect(answer).toMatchObject({
      changed: true,
      job: {
        schedule: '30 4 * * 1-5',
        timezone: 'Europe/Berlin',
        batchSize: 100,
        conflictResolution: 'source_wins',
        version: 2,
      },
    });
    expect(await j.schedule('daily-sync')).toMatchObject({ expression: 'cron(30 4 ? * MON-FRI *)' });
    expect(
      (await j.job('update-job', { name: 'daily-sync', conflictResolution: 'map' })).answer.job.conflictResolution,
    ).toBeNull();
    expect(await j.job('update-job', { name: 'daily-sync', batchSize: 100 })).toMatchObject({
      answer: { changed: false, job: { version: 3 } },
    });
    expect(await refused('sync-scheduler update-job', { name: 'daily-sync' })).toMatchObject({ code: 'SYS002' });
    expect(await refused('sync-scheduler update-job', { name: 'dayly-sync', batchSize: 1 })).toMatchObject({
      ...{ code: 'SYS002', exit: 2, message: 'there is no job dayly-sync; did you mean "daily-sync"?' },
    });
  });

  test('of another map is not changed by this one', async () => {
    await j.create('daily-sync');
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET map_name = 'other'");
    expect(await refused('sync-scheduler update-job', { name: 'daily-sync', batchSize: 5 })).toMatchObject({
      ...{ code: 'S001', got: 'surgery', expected: 'other' },
    });
  });

  test('is deleted with its schedule, but not under its own run', async () => {
    await j.create('daily-sync');
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET status = 'running'");
    expect(await refused('sync-scheduler delete-job', { name: 'daily-sync' })).toMatchObject({ code: 'S003' });
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET status = 'scheduled'");
    await j.job('delete-job', { name: 'daily-sync' });
    expect(await j.list()).toEqual([]);
    expect(await j.schedule('daily-sync')).toBeNull();
    expect(await refused('sync-scheduler delete-job', { name: 'daily-sync' })).toMatchObject({ code: 'SYS002' });
  });
});

describe('paused', () => {
  test('it does not fire, and says so until it is resumed', async () => {
    await j.create('daily-sync');
    expect(await j.job('pause-job', { name: 'daily-sync' })).toMatchObject({
      answer: { changed: true, job: { status: 'paused', paused: true, nextRunAt: null } },
    });
    expect(await j.schedule('daily-sync')).toMatchObject({ enabled: false });
    expect(await j.job('pause-job', { name: 'daily-sync' })).toMatchObject({ answer: { changed: false } });
    expect((await j.list({ status: 'paused' })).map(({ name }) => name)).toEqual(['daily-sync']);
    expect(await j.list({ status: 'scheduled' })).toEqual([]);
    const updated = await j.job('update-job', { name: 'daily-sync', schedule: 'hourly' });
    expect(updated.answer).toMatchObject({ job: { nextRunAt: null }, notes: [expect.stringContaining('resume-job')] });
    expect(await j.schedule('daily-sync')).toMatchObject({ enabled: false, expression: 'cron(0 * * * ? *)' });
    expect(await j.job('resume-job', { name: 'daily-sync' })).toMatchObject({
      answer: { changed: true, job: { status: 'scheduled', paused: false, nextRunAt: expect.any(String) } },
    });
    expect(await j.schedule('daily-sync')).toMatchObject({ enabled: true });
  });

  test('a run in progress is left to its end, which then finds the job paused', async () => {
    await j.create('daily-sync');
    await j.p.run('target', "UPDATE portage.synchronization_jobs SET status = 'running'");
    expect(await j.job('pause-job', { name: 'daily-sync' })).toMatchObject({
      answer: { job: { status: 'running', paused: true }, notes: ['the run in progress goes on to its end'] },
    });
    expect(await j.all('pause-all-jobs')).toMatchObject({ answer: { changed: [], running: ['daily-sync'] } });
    expect(await j.job('resume-job', { name: 'daily-sync' })).toMatchObject({
      answer: { job: { status: 'running', paused: false } },
    });
  });

  test('all of them at once, and back, twice', async () => {
    await j.create('a');
    await j.create('b');
    await j.job('pause-job', { name: 'b' });
    expect(await j.all('pause-all-jobs')).toMatchObject({ answer: { changed: ['a'], unchanged: ['b'] } });
    expect(await j.all('pause-all-jobs')).toMatchObject({ answer: { changed: [], unchanged: ['a', 'b'] } });
    for (const name of ['a', 'b']) expect(await j.schedule(name)).toMatchObject({ enabled: false });
    expect(await j.all('resume-all-jobs')).toMatchObject({ answer: { changed: ['a', 'b'] } });
    for (const name of ['a', 'b']) expect(await j.schedule(name)).toMatchObject({ enabled: true });
  });
});
