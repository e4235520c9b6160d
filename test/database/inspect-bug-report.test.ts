// What a bug report holds, and above all what it does not: no secret, no value of a row.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { databaseSnapshotAnswer } from '../../shared/operations/migration-analyzer/database-snapshot.ts';
import { systemInfoAnswer } from '../../shared/operations/migration-analyzer/system-info.ts';
import { ask, refused, under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const INFO = 'migration-analyzer system-info';
const SNAPSHOT = 'migration-analyzer database-snapshot';
const GUIDE = ['migration_checkpoints', 'data_differentials', 'synchronization_jobs'];

let p: Portage;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(() => p.end());

describe('before anything was migrated', () => {
  test('system-info answers, and a snapshot has nothing to show', async () => {
    const { answer, exit } = await ask(systemInfoAnswer, INFO, { comprehensive: true });
    expect(exit).toBe(0);
    expect(answer.ledger).toEqual({});
    expect(await refused(SNAPSHOT, { tables: GUIDE })).toMatchObject({ code: 'SYS002', exit: 2 });
  });
});

describe('a bug report', () => {
  beforeAll(async () => {
    await p.migrate();
    await p.run(
      'target',
      "UPDATE doctors SET note = 'only in the target', email = 'new@example.org' WHERE legacy_id = 3",
    );
    await p.migrate();
    await p.migrate({ entities: ['doctors'], mode: 'full' });
  });

  test('has versions, counts and settings', async () => {
    const { answer } = await ask(systemInfoAnswer, INFO, { comprehensive: true });
    expect(answer.program).toMatchObject({ node: process.versions.node, version: '0.1.0' });
    expect(answer.map).toMatchObject({ name: 'surgery', entities: 'offices, doctors' });
    expect(answer.target).toMatchObject({ version: expect.stringMatching(/^\d+/), encoding: 'UTF8' });
    expect(answer.ledger).toMatchObject({ operations: 3, uuid_mappings: 22 });
    expect(answer.targetSettings).toHaveProperty('max_connections');
    expect(answer.tables).toContainEqual(expect.objectContaining({ side: 'source', table: 'public.doctor' }));
    expect((await ask(systemInfoAnswer, INFO)).answer).not.toHaveProperty('tables');
  });

  test('says of a password that it is there, and no more', async () => {
    const secret = Object.assign(new URL(p.sourceUrl), { password: 'not-to-be-shown', port: '1' }).href;
    const { answer } = await under({ SOURCE_DB_URL: secret }, () =>
      ask(systemInfoAnswer, INFO, { comprehensive: true }),
    );
    expect(answer.configuration).toMatchObject({ sourcePassword: 'set, not shown', hashKey: 'set, not shown' });
    expect(JSON.stringify(answer)).not.toContain('not-to-be-shown');
  });

  test('is written also where a database does not answer, or the map is broken', async () => {
    const down = Object.assign(new URL(p.targetUrl), { port: '1' }).href;
    const { answer } = await under({ TARGET_DB_URL: down }, () => ask(systemInfoAnswer, INFO));
    expect(answer.target).toMatchObject({ error: expect.stringContaining('SYS001') });
    expect(answer.source).toMatchObject({ version: expect.anything() });
    const lost = await under({ PORTAGE_MAP: '/nowhere/map.json' }, () => ask(systemInfoAnswer, INFO));
    expect(lost.answer.map).toMatchObject({ error: expect.stringContaining('SYS002') });
  });

  test('shows the tables of the guide, whole', async () => {
    const { answer, exit } = await ask(databaseSnapshotAnswer, SNAPSHOT, { tables: GUIDE });
    expect(exit).toBe(0);
    expect(Object.keys(answer.tables)).toEqual(GUIDE);
    const { migration_checkpoints: checkpoints, data_differentials: differentials } = answer.tables;
    expect(checkpoints).toMatchObject({ rows: 5, shown: 5 });
    expect(checkpoints!.newest[0]).toMatchObject({ entity_type: 'doctors', mode: 'full', status: 'completed' });
    expect(differentials).toMatchObject({ rows: 1, leftOut: ['source_values', 'target_values'] });
    expect(differentials!.newest[0]).toMatchObject({ legacy_key: '3', comparison_type: 'value' });
  });

  test('says no secret and no value, whatever table is asked for', async () => {
    const snapshot = JSON.stringify((await ask(databaseSnapshotAnswer, SNAPSHOT, { tables: 'all' })).answer);
    const info = JSON.stringify((await ask(systemInfoAnswer, INFO, { comprehensive: true })).answer);
    const key = await p.value("SELECT string_agg(value, '') FROM settings");
    const before = await p.value("SELECT before::text FROM undo_log WHERE action = 'update' AND before ? 'note'");
    expect(before).toContain('only in the target'); // there is something to hide
    for (const hidden of [
      'only in the target',
      'new@example.org',
      'd3@example.org',
      'Doctor 3',
      process.env['PORTAGE_HASH_KEY']!,
    ]) {
      expect(snapshot).not.toContain(hidden);
      expect(info).not.toContain(hidden);
    }
    if (key !== null) expect(snapshot).not.toContain(key);
  });

  test('names a table that there is not, and stays within what a state carries', async () => {
    expect(await refused(SNAPSHOT, { tables: ['migration_checkpoint'] })).toMatchObject({
      exit: 2,
      message: expect.stringContaining('did you mean "migration_checkpoints"?'),
    });
    expect(await refused(SNAPSHOT, { tables: ['doctors'] })).toMatchObject({ exit: 2 });
    await p.run(
      'target',
      `INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule) SELECT 'surgery', 'job ' || n || repeat('x', 500), '{doctors}', 'daily' FROM generate_series(1, 900) n`,
    );
    const { answer } = await ask(databaseSnapshotAnswer, SNAPSHOT, { tables: GUIDE });
    const { synchronization_jobs: jobs } = answer.tables;
    expect(jobs!.rows).toBe(900);
    expect(jobs!.shown).toBeGreaterThan(50);
    expect(jobs!.shown).toBeLessThan(900);
    expect(JSON.stringify(answer).length).toBeLessThan(256 * 1024);
  });
});
