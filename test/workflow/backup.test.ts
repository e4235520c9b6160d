// A backup that is interrupted, damaged, of other tables or with another key: what is there is whole, and what is not is refused.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { closeDependencies } from '../../functions/dependencies.ts';
import { setVariables } from '../../shared/config.ts';
import { backups, fingerprint } from '../support/backups.ts';
import { bucket } from '../support/bucket.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ROWS = 3000;
let p: Portage;
const { folder, take, restore, restoreAround } = backups(() => p);
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2, CASE WHEN n % 7 = 0 THEN n + 1 END, 'secret' || n || '@example.org' FROM generate_series(21, ${ROWS}) n`,
    SURGERY_TARGET,
    surgery,
    { PORTAGE_BATCH_ROWS: '500' },
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => setVariables({ PORTAGE_HASH_KEY: 'a key that tests share' }));

/** What the first statement after the snapshot waits for. */
const HELD = 'LOCK TABLE portage.pending_references IN ACCESS EXCLUSIVE MODE';

const request = (backupFile: string) => ({ command: 'migration-analyzer restore-from-backup', backupFile });
const dies: Around = async (_, go, kill) => {
  const result = await go();
  kill();
  return result;
};

describe('a backup', () => {
  test('is nobody else’s to read, is complete or not there, and is told in the ledger', async () => {
    const file = await take();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.includes('.part-'))).toEqual([]);
    expect(await p.rows('SELECT file, encrypted, sha256 IS NOT NULL AS complete FROM backups ORDER BY operation_no DESC LIMIT 1')).toEqual([{ file, encrypted: 't', complete: 't' }]); // prettier-ignore
    expect(await p.rows('SELECT entity, rows_done, rows_total FROM backup_entities JOIN entities USING (entity_id) WHERE operation_no = (SELECT max(operation_no) FROM backups) ORDER BY 1')).toEqual([{ entity: 'doctors', rows_done: String(ROWS), rows_total: String(ROWS) }, { entity: 'offices', rows_done: '2', rows_total: '2' }]); // prettier-ignore
  });

  test('holds no value of a sensitive entity in clear, and is opened by its key alone', async () => {
    for (const name of ['sealed.json', 'sealed.ndjson.gz']) {
      const file = await take(name);
      const bytes = readFileSync(file);
      const shown = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      for (const clear of ['secret', '@example.org', 'Doctor 2']) expect(shown).not.toContain(clear);
      expect(shown).toContain('North');
      setVariables({ PORTAGE_HASH_KEY: 'another key than that one' });
      expect((await restoreAround({}, file)).failure).toMatchObject({ code: 'M020', got: expect.stringContaining('another key') }); // prettier-ignore
      Reflect.deleteProperty(process.env, 'PORTAGE_HASH_KEY');
      expect((await restoreAround({}, file)).failure).toMatchObject({ code: 'M020', next: expect.stringContaining('PORTAGE_HASH_KEY') }); // prettier-ignore
      setVariables({ PORTAGE_HASH_KEY: 'a key that tests share' });
      expect((await restore(file)).output).toMatchObject({ status: 'completed', entities: { doctors: { unchanged: ROWS } } }); // prettier-ignore
    }
  });

  test('sees all entities at one moment, whatever is written meanwhile', async () => {
    const output = `${folder}/moment.json`;
    await p.run('target', `BEGIN; ${HELD}`);
    const running = p.recover({
      command: 'migration-analyzer create-full-backup',
      entities: ['offices', 'doctors'],
      output,
    });
    for (const until = Date.now() + 20_000; Date.now() < until;) {
      const waits = await p.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'portage:backup%'"); // prettier-ignore
      if (waits === '1') break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await p.run('target', "UPDATE doctors SET note = 'meanwhile' WHERE legacy_id = 5; ROLLBACK");
    await p.run('target', "UPDATE doctors SET note = 'later' WHERE legacy_id = 5");
    expect((await running).failure).toBeNull();
    await restoreAround({}, output);
    expect(await p.value('SELECT note FROM doctors WHERE legacy_id = 5')).not.toBe('later');
  });

  test('that is stopped leaves nothing under its name, and nothing beside it', async () => {
    const output = `${folder}/stopped.ndjson.gz`;
    const stopped = await p.recover(
      { command: 'migration-analyzer create-full-backup', output },
      {
        BackupSlice: async (_, go) => {
          await p.run('target', `BEGIN; ${HELD}`);
          const running = go();
          await new Promise((resolve) => setTimeout(resolve, 300));
          await p.target.run("UPDATE portage.operations SET stop_requested_at = now() WHERE status = 'running'");
          return running.finally(() => p.run('target', 'ROLLBACK'));
        },
      },
    );
    expect(stopped.failure).toMatchObject({ code: 'M013' });
    expect(readdirSync(folder).filter((name) => name.includes('stopped'))).toEqual([]);
    expect(await p.value('SELECT status FROM operations ORDER BY operation_no DESC LIMIT 1')).toBe('stopped');
  });

  test('whose process dies is no backup, and the next one says so', async () => {
    await p.recover(
      { command: 'migration-analyzer create-full-backup', output: `${folder}/dead.json` },
      { PlanRecovery: dies },
    );
    await p.run(
      'target',
      "UPDATE portage.operations SET started_at = now() - interval '1 day' WHERE status = 'running'",
    );
    await take();
    expect(await p.rows("SELECT status, error_code FROM operations WHERE request->>'output' LIKE '%dead.json'")).toEqual([{ status: 'failed', error_code: 'M021' }]); // prettier-ignore
  });

  test('that cannot be written is told', async () => {
    for (const output of [`${folder}/nowhere/x.json`, `${folder}/x.txt`])
      expect((await p.recover({ command: 'migration-analyzer create-full-backup', output })).failure).toMatchObject({ code: 'SYS002', where: '--output' }); // prettier-ignore
  });

  test('goes to a bucket and comes from it', async () => {
    const b = await bucket();
    setVariables(b.variables);
    try {
      const output = 's3://backups/a folder/backup.ndjson.gz';
      expect((await p.recover({ command: 'migration-analyzer create-full-backup', output })).output).toMatchObject({ backup: { file: output } }); // prettier-ignore
      expect(b.open.size).toBe(0);
      await p.run('target', 'DELETE FROM doctors WHERE legacy_id > 100');
      expect((await restore(output)).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: ROWS - 100 } } }); // prettier-ignore
    } finally {
      await b.end();
    }
  });
});

describe('a restore', () => {
  test.each([
    ['after its plan', 'PlanRecovery', 1],
    ['after the file was proved', 'VerifyBackup', 1],
    ['between two batches', 'RestoreSlice', 2],
  ])('that is killed %s goes on where it ended', async (_, state, call) => {
    const file = await take();
    await p.run(
      'target',
      "UPDATE doctors SET note = 'spoiled', boss_id = NULL; DELETE FROM doctors WHERE legacy_id % 3 = 0",
    );
    setVariables({ PORTAGE_STEP_BUDGET_MS: '100' });
    let calls = 0;
    const killed: Around = (input, go, kill) => (++calls === call ? dies(input, go, kill) : go());
    await restoreAround({ [state]: killed }, file);
    setVariables({ PORTAGE_STEP_BUDGET_MS: '60000' });
    expect((await restoreAround({}, file)).failure).toMatchObject({ code: 'M001' });
    await p.passTime(3600);
    const done = await restoreAround({}, file);
    expect(done.failure).toBeNull();
    expect(done.output).toMatchObject({ status: 'completed', notes: [expect.stringMatching(/continues restore_.*interrupted/)], entities: { doctors: { read: ROWS, inserted: ROWS / 3 } } }); // prettier-ignore
    expect(await p.rows("SELECT count(*) AS rows, count(*) FILTER (WHERE note = 'spoiled') AS spoiled FROM doctors")).toEqual([{ rows: String(ROWS), spoiled: '0' }]); // prettier-ignore
    expect((await p.migrate()).output).toMatchObject({ entities: { doctors: { unchanged: ROWS, kept: 0 } } });
  });

  test('of a file that was replaced after it was proved is refused', async () => {
    const file = await take('replaced.json');
    const swapped: Around = async (_, go) => {
      const result = await go();
      writeFileSync(file, readFileSync(file, 'utf8').replace('North', 'South'));
      return result;
    };
    const before = await fingerprint(p);
    expect((await restoreAround({ VerifyBackup: swapped }, file)).failure).toMatchObject({ code: 'M020', got: expect.stringContaining('another file') }); // prettier-ignore
    expect(await fingerprint(p)).toBe(before);
  });

  test('of a damaged file, or one that is cut short, writes nothing and says where', async () => {
    const bytes = readFileSync(await take('whole.json'));
    const file = `${folder}/damaged.json`;
    const before = await fingerprint(p);
    for (const damaged of [
      Buffer.from(bytes.toString().replace('North', 'Nurth')),
      bytes.subarray(0, bytes.length - 200),
    ]) {
      writeFileSync(file, damaged);
      for (const dryRun of [true, false])
        expect((await p.recover({ ...request(file), dryRun })).failure).toMatchObject({ code: 'M020', got: expect.stringMatching(/checksum|cut short/), where: expect.stringContaining('damaged.json') }); // prettier-ignore
    }
    expect(await fingerprint(p)).toBe(before);
    expect((await p.recover(request(`${folder}/nothing.json`))).failure).toMatchObject({ code: 'SYS002' });
  });

  test('into other tables, or under another map, is refused with every difference', async () => {
    const file = await take();
    const refusal = async (): Promise<unknown> => {
      await closeDependencies();
      return (await p.recover(request(file))).failure;
    };
    await p.run('target', 'ALTER TABLE doctors ALTER code TYPE char(7), ADD COLUMN fax text'); // prettier-ignore
    expect(await refusal()).toMatchObject({
      code: 'M020',
      got: 'public.doctors.code is character(6) in the backup, and character(7) now; public.doctors.fax (text) is not in the backup',
    });
    await p.run('target', 'ALTER TABLE doctors ALTER code TYPE char(6), DROP COLUMN fax');
    const { email: _, ...columns } = surgery.entities.doctors.columns;
    await p.useMap({ ...surgery, entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns: { ...columns, note: { sql: 'upper(s.note)' } } } } }); // prettier-ignore
    expect(await refusal()).toMatchObject({ code: 'M020', got: expect.stringMatching(/entities\.doctors\.columns\.email\.from is "email" in the map of the backup, and not there now.*entities\.doctors\.columns\.note/s) }); // prettier-ignore
    await p.useMap({ ...surgery, name: 'another' });
    expect(await refusal()).toMatchObject({ code: 'M020', got: expect.stringContaining('map surgery, where the map is another') }); // prettier-ignore
    await p.useMap(surgery);
    await closeDependencies();
    expect((await p.recover({ ...request(file), entities: ['nobody'] })).failure).toMatchObject({ code: 'SYS002' });
    expect((await p.rows("SELECT count(*) FROM operations WHERE operation_type = 'restore' AND status = 'running'"))[0]).toEqual({ count: '0' }); // prettier-ignore
    expect(await p.value('SELECT count(*) FROM doctors')).toBe(String(ROWS));
  });

  test('beside a migration that is at work is refused', async () => {
    const file = await take();
    await p.run('target', "UPDATE portage.migration_checkpoints SET status = 'in_progress', updated_at = now() WHERE id = (SELECT id FROM portage.migration_checkpoints WHERE entity_type = 'doctors' ORDER BY created_at DESC LIMIT 1)"); // prettier-ignore
    expect((await p.recover(request(file))).failure).toMatchObject({ code: 'M001', where: 'doctors' });
    await p.run('target', "UPDATE portage.migration_checkpoints SET status = 'completed' WHERE status = 'in_progress'");
  });
});
