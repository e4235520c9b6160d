// Section 2 of the guide, drilled: a job that nothing fires, and one whose runs time out.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { schedulesFolder } from '../../shared/schedules/local-schedules.ts';
import { addressOf } from '../support/sides.ts';
import { drill, type Drill } from './drill.ts';

let clinic: Drill;
beforeAll(async () => {
  clinic = await drill();
  expect((await clinic.say('npx portage sync-scheduler create-job --name daily-sync --schedule daily')).exit).toBe(0);
});
afterAll(() => clinic.end());

test('Problem: Sync job not executing on schedule', async () => {
  const guide = clinic.section('Problem: Sync job not executing on schedule');
  // A run once, so that there is a log; then the schedule is lost, and the time of the next run passes.
  expect((await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual')).exit).toBe(0);
  await rm(join(schedulesFolder(join(clinic.folder, 'home'), addressOf(clinic.targetUrl)), 'daily-sync.json'));
  await clinic.run('target', "UPDATE portage.synchronization_jobs SET next_run_at = now() - interval '1 day'");
  await clinic.run('source', "UPDATE patient_mst SET phone_no = '0', upd_ts = now() WHERE pat_no = 1");

  const status = await guide.run('npx portage sync-scheduler job-status --name "daily-sync"');
  expect(status.out).toMatch(/next run .* late\)[^]*there is no schedule/);
  expect((await guide.run('tail -f logs/sync')).out).toContain('"event":"sync_operation completed"');
  expect((await guide.run('npx portage sync-scheduler list-jobs --status running')).out).not.toContain('daily-sync');

  const ran = await guide.run('npx portage sync-scheduler run-job');
  expect(ran.out).toMatch(/patients .*1/);
  await guide.run('npx portage sync-scheduler update-job');
  await rm(join(schedulesFolder(join(clinic.folder, 'home'), addressOf(clinic.targetUrl)), 'daily-sync.json'));
  const restarted = await guide.run('npx portage sync-scheduler restart-scheduler');
  expect(restarted.out).toMatch(/daily-sync/);
  expect((await clinic.say('npx portage sync-scheduler health-check --all-jobs')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});

test('Problem: Sync job failing with timeout errors', async () => {
  const guide = clinic.section('Problem: Sync job failing with timeout errors');
  await clinic.run('target', 'UPDATE portage.synchronization_jobs SET timeout_ms = 1');
  await clinic.run('source', "UPDATE order_hdr SET memo = concat_ws(' ', nullif(memo, ''), 'y'), upd_ts = now()");
  const late = await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual');
  expect(late).toMatchObject({ exit: 3, err: expect.stringContaining('S002') });

  const status = await guide.run('npx portage sync-scheduler job-status --name "daily-sync" --detailed');
  expect(status.out).toContain('S002');
  const size = await guide.run('npx portage data-validator analyze-size');
  expect(size.out).toMatch(/orders +292/);

  await guide.run('npx portage sync-scheduler update-job --name "daily-sync" --timeout');
  await guide.run('npx portage sync-scheduler update-job --name "daily-sync" --batch-size');
  await guide.run('npx portage sync-scheduler create-job');
  const ran = await clinic.say('npx portage sync-scheduler run-job --name orders-only-sync --manual');
  expect(ran.out).toMatch(/orders .*292/);
  expect((await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});
