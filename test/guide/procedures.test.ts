// The rest of the guide, run as it stands: quick diagnostics, references, emergencies, maintenance, planning, the debug package.
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { touchesOf } from '../support/clinic-truth.ts';
import { drill, type Drill, type Ran, type Section } from './drill.ts';

/** In a value that no log, report or snapshot may show. */
const SECRET = 'not-to-be-shown';

let clinic: Drill;
beforeAll(async () => {
  // So many that its orders are enough for a figure.
  clinic = await drill(3000);
  await clinic.run('source', `UPDATE patient_mst SET email_addr = '${SECRET}' WHERE pat_no = 1`);
  expect((await clinic.say('npx portage differential-migration migrate')).exit).toBe(0);
  expect((await clinic.say('npx portage sync-scheduler create-job --name daily-sync --schedule daily')).exit).toBe(0);
  expect((await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual')).exit).toBe(0);
});
afterAll(() => clinic.end());

/** Every line of the section, in turn. */
async function all(guide: Section, values: Readonly<Record<string, string>> = {}): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  for (const line of guide.lines) ran.push(await guide.run(line, values));
  return ran;
}
const rowsOf = (table: string): Promise<string | null> => clinic.value(`SELECT count(*) FROM ${table}`);

test('System Health Check', async () => {
  const [health, probe, checkpoints] = await all(clinic.section('System Health Check'));
  expect(health!.out).toMatch(/^Healthy/);
  expect(probe!.out).toMatch(/two rows came from the source into a temporary table/);
  expect(checkpoints!.out.match(/ completed /g)).toHaveLength(14);
});

test('Log Analysis', async () => {
  const refused = await clinic.say('npx portage differential-migration resume --entity nobody');
  expect(refused.exit).toBe(2);
  await clinic.run('target', 'UPDATE portage.synchronization_jobs SET timeout_ms = 1');
  expect((await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual')).exit).toBe(3);
  await clinic.run('target', 'UPDATE portage.synchronization_jobs SET timeout_ms = NULL');
  await clinic.say('npx portage sync-scheduler run-job --name daily-sync --manual');

  const [errors, migration, sync, both] = await all(clinic.section('Log Analysis'));
  expect(errors!.out).toMatch(/errors-.*"level":"ERROR".*"code":"SYS002"/);
  expect(migration!.out).toMatch(/"event":"differential-migration resume failed"/);
  expect(sync!.out).toMatch(/"event":"sync_operation failed".*"operation":"sync_.*"code":"S002"/);
  expect(sync!.out).not.toMatch(/"event":"sync_operation completed"/);
  expect(both!.out).toMatch(/"event":"sync_operation completed"/);
  const batches = (await clinic.logged('migration')).filter(({ event }) => event === 'migration batch');
  expect(batches.length).toBeGreaterThan(0);
  for (const line of batches)
    expect(line).toMatchObject({
      operation: expect.stringMatching(/^diff_migration_/),
      entity: expect.any(String),
      range: expect.any(String),
    });
  expect(await clinic.logged('performance')).toContainEqual(
    expect.objectContaining({
      event: 'entity',
      entity: 'patients',
      operation: expect.any(String),
      ms: expect.any(Number),
    }),
  );
});

test('Database State Analysis', async () => {
  const [checkpoints, differentials, jobs] = await all(clinic.section('Database State Analysis'));
  expect(checkpoints!.out).toMatch(/^appointments \| differential_migration \| completed \| \d+$/m);
  expect(differentials!.exit).toBe(0);
  expect(jobs!.out).toMatch(/^daily-sync \| scheduled \| /m);
});

test('Performance Analysis', async () => {
  const [trends, batches, watched] = await all(clinic.section('Performance Analysis'), { '300': '1' });
  expect(trends!.out).toMatch(/orders/);
  expect(batches!.out).toMatch(/~[\d,]+ +\d+ +\d+ /);
  expect(watched!.out).toMatch(/looks in/);
});

test('Emergency Stop Procedures', async () => {
  // A run that is cut off, as a process that was killed leaves it: both stops end it, and all of it is resumed.
  const cutOff = async (): Promise<void> => {
    await clinic.run('source', 'UPDATE order_hdr SET upd_ts = now(), total = total + 1');
    const { failure } = await clinic.migrateAround(
      {
        MigrateSlice: async (_, go, kill) => {
          await go(true);
          kill();
          return {};
        },
      },
      { entities: ['orders'], batchSize: 50 },
    );
    expect(failure?.message).toBe('killed');
  };
  const guide = clinic.section('Emergency Stop Procedures');
  await cutOff();
  for (const line of guide.lines) {
    const ran = await guide.run(line);
    if (line.endsWith('--graceful') || line.endsWith('--force')) {
      expect(ran.out).toMatch(/diff_migration_.*stopped/);
      expect((await clinic.say('npx portage differential-migration resume --entity orders')).exit).toBe(0);
      await cutOff();
    }
    if (line.includes('pause-all'))
      expect(await clinic.value('SELECT status FROM synchronization_jobs')).toBe('paused');
    if (line.endsWith('--hold'))
      expect((await clinic.say('npx portage differential-migration migrate')).err).toMatch(/M016/);
  }
  expect(await clinic.value('SELECT status FROM synchronization_jobs')).toBe('scheduled');
  await clinic.expectWhole('orders');
});

test('Data Recovery Procedures', async () => {
  const guide = clinic.section('Data Recovery Procedures');
  const [backup, restore, validate] = guide.lines;
  await guide.run(backup!);
  await clinic.run('target', "UPDATE doctors SET specialty = 'lost' WHERE legacy_id < 4");
  const restored = await guide.run(restore!);
  expect(restored.out).toMatch(/doctors .* 3 /);
  expect((await guide.run(validate!)).out).toMatch(/MATCH/);
  await clinic.expectWhole('doctors');
});

test('Rollback Procedures', async () => {
  const guide = clinic.section('Rollback Procedures');
  const before = await touchesOf(clinic.sourceUrl);
  const changed = async (label = ''): Promise<string> => {
    await clinic.run('source', 'UPDATE order_hdr SET total = total + 1, upd_ts = now()');
    const { operationId } = await clinic.json(`npx portage differential-migration migrate --entities orders${label}`);
    return String(operationId);
  };
  const totals = (): Promise<string | null> => clinic.value('SELECT sum(total_cents) FROM orders');
  const [rollback, entity, everything] = guide.lines;
  expect(before).not.toBe('');
  for (const [line, label] of [
    [rollback!, ''],
    [entity!, ''],
    [everything!, ' --batch-id drill'],
  ] as const) {
    const was = await totals();
    const id = await changed(label);
    expect(await totals()).not.toBe(was);
    await guide.run(line, { OPERATION_ID: id, BATCH_LABEL: 'drill' });
    expect(await totals()).toBe(was);
  }
  expect((await clinic.say('npx portage differential-migration migrate')).exit).toBe(0);
  await clinic.expectWhole();
  guide.expectDone();
});

test('Regular Health Checks', async () => {
  const old = join(clinic.folder, 'logs', 'migration-2023-12-01.log');
  await writeFile(old, '{}\n');
  await utimes(old, new Date('2023-12-01'), new Date('2023-12-01'));
  const ran = await all(clinic.section('Regular Health Checks'));
  expect(ran.map(({ exit }) => exit)).toEqual(ran.map(() => 0));
  await expect(readFile(old)).rejects.toThrow('ENOENT');
  expect((await clinic.logged('migration')).length).toBeGreaterThan(0);
});

test('Performance Monitoring', async () => {
  const [, baseline, check, trends] = await all(clinic.section('Performance Monitoring'));
  expect(JSON.parse(await readFile(join(clinic.folder, 'weekly-report.json'), 'utf8'))).toHaveProperty('entities');
  expect(baseline!.out).toBe('');
  expect(check!.out).toMatch(/ok +orders/);
  expect(trends!.out).toMatch(/daily-sync/);
});

test('Database Maintenance', async () => {
  const ran = await all(clinic.section('Database Maintenance'));
  expect(ran.at(-1)!.err).toBe('');
  // The guide's own form, in which three statements are one transaction.
  const before = await clinic.say(' psql -c "VACUUM ANALYZE migration_checkpoints; VACUUM ANALYZE data_differentials"');
  expect(before.err).toMatch(/VACUUM cannot run inside a transaction block/);
});

test('Migration Planning and Error Prevention', async () => {
  const counts = [await rowsOf('doctors'), await rowsOf('portage.operations')];
  const [analysis, dry] = clinic.section('Migration Planning').lines;
  const planning = clinic.section('Migration Planning');
  await planning.run(analysis!);
  expect(JSON.parse(await readFile(join(clinic.folder, 'pre-migration-analysis.json'), 'utf8'))).toHaveProperty(
    'entities',
  );
  expect((await planning.run(dry!)).out).toMatch(/nothing was written/);
  expect([await rowsOf('doctors'), await rowsOf('portage.operations')]).toEqual(counts);
  await all(planning);
  await all(clinic.section('Error Prevention'));
});

test('Debug Information Collection, without a secret or a value of a row', async () => {
  await all(clinic.section('Debug Information Collection'));
  const collected = await readFile(join(clinic.folder, 'debug-info.txt'), 'utf8');
  expect(collected).toMatch(/migration batch[^]*sync_operation[^]*migration_checkpoints/);
  const { password } = new URL(clinic.targetUrl);
  for (const secret of [SECRET, password, process.env['PORTAGE_HASH_KEY']!])
    expect(collected.split(secret === 'portage' ? `:${secret}@` : secret)).toHaveLength(1);
});
