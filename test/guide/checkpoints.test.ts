// Sections 1 of the guide, drilled: a checkpoint whose owner is dead, and one that is in the way.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { drill, type Drill } from './drill.ts';

let clinic: Drill;
beforeAll(async () => void (clinic = await drill()));
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
  await clinic.expectWhole();

  await dies('orders', 'midway');
  await clinic.passTime(7200);
  const reset = await guide.run('npx portage migration-analyzer reset-checkpoint --entity orders');
  expect(reset.out).toMatch(/orders/);
  expect(await statusOf('orders')).toBe('superseded');
  expect((await clinic.say('npx portage differential-migration migrate --entities orders')).exit).toBe(0);
  await clinic.expectWhole();

  await dies('orders', 'at its end');
  await clinic.passTime(7200);
  const { checkpoints } = await clinic.json('npx portage migration-analyzer checkpoint-status --entity orders');
  const [{ id }] = checkpoints as [{ id: string }];
  await guide.run('npx portage migration-analyzer force-complete-checkpoint', { CHECKPOINT_ID: id });
  expect(await statusOf('orders')).toBe('completed_unverified');
  await clinic.expectWhole();
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
  await clinic.expectWhole();

  await dies('doctors', 'midway');
  await guide.run('npx portage migration-analyzer reset-checkpoint --entity doctors --force');
  expect((await clinic.say('npx portage differential-migration migrate --entities doctors')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});
