// What is wrong with jobs and how their runs go, as the ledger tells it.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { trendOf } from '../../shared/domain/trend.ts';
import { jobPerformanceAnswer } from '../../shared/operations/sync-scheduler/analyze-performance.ts';
import { healthCheckAnswer } from '../../shared/operations/sync-scheduler/health-check.ts';
import { ask, refused } from '../support/inspect.ts';
import { jobs, type Jobs } from '../support/job-commands.ts';

let j: Jobs;
beforeAll(async () => void (j = await jobs()));
afterAll(() => j.end());
beforeEach(() => j.empty());

const health = (flags: Record<string, unknown> = {}) => ask(healthCheckAnswer, 'sync-scheduler health-check', flags);
const kinds = async (): Promise<readonly string[]> =>
  (await health()).answer.jobs.flatMap(({ findings }) => findings.map(({ kind }) => kind));
const change = (sql: string): Promise<void> => j.p.run('target', `UPDATE portage.synchronization_jobs SET ${sql}`);
/** A run that began so long ago and took some seconds. */
const run = (status: string, ago: string, seconds = 10, read = 1000): Promise<void> =>
  j.p.run(
    'target',
    `INSERT INTO portage.synchronization_runs (job_id, status, started_at, ended_at, summary, error_code)
     SELECT id, '${status}', now() - interval '${ago}', ${status === 'running' ? 'NULL' : `now() - interval '${ago}' + interval '${seconds} s'`},
       '{"doctors": {"read": ${read}, "inserted": 3, "updated": 4, "conflicts": 1}}', ${status === 'failed' ? "'SYS001'" : 'NULL'} FROM portage.synchronization_jobs`,
  );

test('a job that is as it should be is well, and so is no job at all', async () => {
  expect(await health()).toMatchObject({ answer: { healthy: true, jobs: [] }, exit: 0 });
  await j.create('a');
  expect(await health()).toMatchObject({ answer: { healthy: true, jobs: [{ name: 'a', findings: [] }] }, exit: 0 });
  expect(await refused('sync-scheduler health-check', { name: 'b' })).toMatchObject({ code: 'SYS002' });
});

test('overdue, failing, stuck, drifted, lagging and unreadable are each told, with what to do', async () => {
  await j.create('a', { schedule: 'hourly' });
  await change("next_run_at = now() - interval '10 min'");
  expect(await kinds()).toEqual(['overdue']);
  await change("next_run_at = now() + interval '10 min'");
  await run('completed', '3 hours');
  await run('failed', '2 hours');
  await run('failed', '1 hour');
  const { answer, exit } = await health();
  expect(answer.jobs[0]!.findings.map(({ kind }) => kind)).toEqual(['failing', 'lagging']);
  expect(answer.jobs[0]!.findings[0]!.message).toBe('its last 2 runs failed, at last with SYS001 ');
  expect(exit).toBe(1);
  await run('completed', '20 minutes');
  expect(await kinds()).toEqual([]);
  await rm(join(j.folder, 'a.json'));
  expect(await kinds()).toEqual(['drifted']);
  await j.restart();
  await change("status = 'running'");
  expect(await kinds()).toEqual(['stuck']);
  await run('running', '15 minutes');
  expect((await health()).answer.jobs[0]!.findings).toMatchObject([
    { kind: 'stuck', message: expect.stringContaining('15 min') },
  ]);
  await change("status = 'scheduled', schedule = 'now and then'");
  expect(await kinds()).toEqual(expect.arrayContaining(['unreadable']));
});

test('a paused job is neither late nor behind, and a schedule of no job is told', async () => {
  await j.create('a', { schedule: 'hourly' });
  await run('completed', '3 days');
  await j.job('pause-job', { name: 'a' });
  expect(await kinds()).toEqual([]);
  await writeFile(join(j.folder, 'stray.json'), '{}');
  expect(await health()).toMatchObject({ answer: { healthy: false, strays: ['stray'] }, exit: 1 });
});

test('the runs are listed with rates, and what rises from run to run is named', async () => {
  await j.create('a');
  for (let i = 0; i < 6; i++) await run('completed', `${10 - i} hours`, 10 + 5 * i);
  await run('failed', '10 minutes', 1);
  const { answer } = await ask(jobPerformanceAnswer, 'sync-scheduler analyze-performance', {
    lastRuns: 50,
    showTrends: true,
  });
  const [job] = answer.jobs;
  expect(job!.runs).toHaveLength(7);
  expect(job!.runs[1]).toMatchObject({ durationMs: 35_000, read: 1000, written: 7, conflicts: 1, rowsPerSecond: 29 });
  expect(job!.trends).toMatchObject([
    { figure: 'durationMs', direction: 'rising', mean: 22_500, percentPerRun: 22.2 },
    { figure: 'read', direction: 'steady' },
    { figure: 'written', direction: 'steady' },
    { figure: 'rowsPerSecond', direction: 'falling' },
    { figure: 'conflicts', direction: 'steady' },
  ]);
  const { answer: few } = await ask(jobPerformanceAnswer, 'sync-scheduler analyze-performance', {
    lastRuns: 3,
    showTrends: true,
  });
  expect(few.notes).toEqual([expect.stringContaining('no trend yet of a')]);
});

test('a trend needs five values, a change that is more than noise, and a line that fits', () => {
  expect(trendOf([1, 2, 3, 4])).toBeNull();
  expect(trendOf([10, 10, 10, 10, 10])).toMatchObject({ direction: 'steady', percentPerRun: 0 });
  expect(trendOf([10, 30, 5, 28, 12])).toMatchObject({ direction: 'steady' });
  expect(trendOf([10, 12, 14, 16, 18])).toMatchObject({ direction: 'rising', mean: 14 });
  expect(trendOf([0, 0, 0, 0, 0])).toMatchObject({ direction: 'steady', percentPerRun: null });
});
