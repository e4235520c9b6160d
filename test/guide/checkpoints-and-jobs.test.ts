// Sections 1 and 2 of the guide, drilled: a checkpoint whose owner is dead, and one that is in the way; a job that nothing fires,
// and one whose runs time out.
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

/** The source changes, and the run that would bring it over dies: after one batch, or when only the end is left to record. */
async function dies(entity: 'orders' | 'doctors', when: 'midway' | 'at its end'): Promise<void> {
  await clinic.run(
    'source',
    entity === 'orders'
      ? `UPDATE order_hdr SET memo = concat_ws(' ', nullif(memo, ''), 'x'), upd_ts = now()`
      : 'UPDATE doctor_mst SET fee = fee + 1, upd_ts = now()',
  );
  const states =
    when === 'midway'
      ? {
          MigrateSlice: async (_: unknown, go: (late?: boolean) => Promise<unknown>, kill: () => void) => {
            const done = await go(true);
            kill();
            return done;
          },
        }
      : {
          FinishEntity: async (_: unknown, _go: unknown, kill: () => void) => {
            kill();
            return {};
          },
        };
  const ended = await clinic.migrateAround(states, { entities: [entity], batchSize: 50 });
  expect(ended.failure?.message).toBe('killed');
  expect(await statusOf(entity)).toBe('in_progress');
}

const statusOf = (entity: string): Promise<string | null> =>
  clinic.value(
    `SELECT status FROM migration_checkpoints WHERE entity_type = '${entity}' ORDER BY created_at DESC LIMIT 1`,
  );

test('Problem: Migration checkpoint stuck in "in_progress" state', async () => {
  const guide = clinic.section('Problem: Migration checkpoint stuck in "in_progress" state');
  await dies('orders', 'midway');
  await clinic.passTime(7200);

  const status = await guide.run('npx portage migration-analyzer checkpoint-status --entity orders');
  expect(status.out).toMatch(/orders +in_progress +50 +292 .*2 h 0 min ago/);
  const debug = await guide.run('npx portage migration-analyzer debug --entity orders');
  expect(debug.out).toMatch(/in_progress/);

  await guide.run('npx portage differential-migration resume --entity orders');
  expect(await statusOf('orders')).toBe('completed');
  await clinic.expectWhole('orders');

  await dies('orders', 'midway');
  await clinic.passTime(7200);
  const reset = await guide.run('npx portage migration-analyzer reset-checkpoint --entity orders');
  expect(reset.out).toMatch(/orders/);
  expect(await statusOf('orders')).toBe('superseded');
  expect((await clinic.say('npx portage differential-migration migrate --entities orders')).exit).toBe(0);
  await clinic.expectWhole('orders');

  await dies('orders', 'at its end');
  await clinic.passTime(7200);
  const { checkpoints } = await clinic.json('npx portage migration-analyzer checkpoint-status --entity orders');
  const [{ id }] = checkpoints as [{ id: string }];
  await guide.run('npx portage migration-analyzer force-complete-checkpoint', { CHECKPOINT_ID: id });
  expect(await statusOf('orders')).toBe('completed_unverified');
  await clinic.expectWhole('orders');
  guide.expectDone();
});

test('Problem: Cannot create new checkpoint due to existing active checkpoint', async () => {
  const guide = clinic.section('Problem: Cannot create new checkpoint due to existing active checkpoint');
  await dies('doctors', 'at its end');
  const refused = await clinic.say('npx portage differential-migration migrate --entities doctors');
  expect(refused).toMatchObject({
    exit: 3,
    err: expect.stringContaining('Active checkpoint already exists for entity doctors'),
  });

  const active = await guide.run('npx portage migration-analyzer checkpoint-status --status in_progress');
  expect(active.out).toMatch(/doctors +in_progress/);
  const history = await guide.run('npx portage migration-analyzer checkpoint-status --entity doctors --history');
  expect(history.out.match(/^doctors /gm)!.length).toBeGreaterThan(1);

  await clinic.passTime(120);
  await guide.run('npx portage migration-analyzer complete-checkpoint --entity doctors');
  expect(await statusOf('doctors')).toBe('completed');
  await clinic.expectWhole('doctors');

  await dies('doctors', 'midway');
  await guide.run('npx portage migration-analyzer reset-checkpoint --entity doctors --force');
  expect((await clinic.say('npx portage differential-migration migrate --entities doctors')).exit).toBe(0);
  await clinic.expectWhole('doctors');
  guide.expectDone();
});

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
  await clinic.expectWhole('patients');
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
