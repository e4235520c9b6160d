// A repair that is killed, called twice, stopped, held, or too long for one call: rows are mended once, undo entries are there
// once, and whoever comes next goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { practice, PRACTICE_SOURCE, PRACTICE_TARGET } from '../support/practice.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(PRACTICE_SOURCE, PRACTICE_TARGET, practice);
  expect((await p.migrate()).output?.status).toBe('completed');
  await p.run(
    'target',
    'CREATE TABLE kept_doctors AS SELECT * FROM doctors; CREATE TABLE kept_visits AS SELECT * FROM visits',
  );
});
afterAll(() => p.end());

/** Three doctors and two visits with a wrong parent. */
beforeEach(() =>
  p.run(
    'target',
    `TRUNCATE doctors, visits; INSERT INTO doctors SELECT * FROM kept_doctors; INSERT INTO visits SELECT * FROM kept_visits;
     TRUNCATE portage.undo_log; UPDATE doctors SET office_id = gen_random_uuid() WHERE legacy_id IN (1, 2, 3);
     UPDATE visits SET doctor_id = gen_random_uuid() WHERE legacy_id IN (1, 2)`,
  ),
);

const REPAIR = { command: 'migration-analyzer repair-relationships', entity: 'all', autoFix: true };
const broken = (): Promise<string | null> =>
  p.value(
    'SELECT (SELECT count(*) FROM doctors d JOIN kept_doctors k USING (id) WHERE d.office_id <> k.office_id) + (SELECT count(*) FROM visits v JOIN kept_visits k USING (id) WHERE v.doctor_id <> k.doctor_id)',
  );
const undone = (): Promise<string | null> => p.value('SELECT count(*) FROM portage.undo_log');
const latest = (): Promise<unknown[]> =>
  p.rows("SELECT status FROM portage.operations WHERE operation_type = 'repair' ORDER BY operation_no DESC LIMIT 1");

describe('a repair', () => {
  test('that is too long for one call goes on in the next', async () => {
    let calls = 0;
    const counted: Around = (_input, go) => {
      calls++;
      return go(true);
    };

    const { output } = await p.commandAround({ RepairRows: counted }, REPAIR);

    // A range of each of three entities, the end of the last, and the end of it all.
    expect(calls).toBe(5);
    expect(output).toMatchObject({
      status: 'completed',
      left: 0,
      entities: { doctors: { read: 40, updated: 3 }, visits: { updated: 2 } },
    });
    expect(await broken()).toBe('0');
    expect(await undone()).toBe('5');
  });

  test('whose step is run twice by the service mends once', async () => {
    const twice: Around = async (_input, go) => {
      await go(true);
      return go(true);
    };

    const { status, failure } = await p.commandAround({ RepairRows: twice }, REPAIR);

    expect(failure).toBeNull();
    expect(status).toBe('SUCCEEDED');
    expect(await broken()).toBe('0');
    expect(await undone()).toBe('5');
    expect(
      await p.value("SELECT count(*) FROM portage.operations WHERE operation_type = 'repair' AND status = 'running'"),
    ).toBe('0');
  });

  test('that was killed is begun anew once its lease is over, and mends what is left', async () => {
    let calls = 0;
    const killed: Around = async (_input, go, kill) => {
      const result = await go(true);
      if (++calls === 1) kill();
      return result;
    };
    await p.commandAround({ RepairRows: killed }, REPAIR);
    expect(await broken()).toBe('2');
    expect((await p.command(REPAIR)).failure).toMatchObject({ code: 'M001' });
    await p.passTime(120);

    const { output } = await p.command(REPAIR);

    expect(output).toMatchObject({
      status: 'completed',
      entities: { doctors: { updated: 0 }, visits: { updated: 2 } },
    });
    expect(await broken()).toBe('0');
    expect(await undone()).toBe('5');
  });

  test('that is stopped ends at a border, and leaves nothing in hand', async () => {
    let calls = 0;
    const stopped: Around = async (_input, go) => {
      if (++calls === 2)
        await p.run('target', "UPDATE portage.operations SET stop_requested_at = now() WHERE status = 'running'");
      return go(true);
    };

    const { failure } = await p.commandAround({ RepairRows: stopped }, REPAIR);

    expect(failure).toMatchObject({ code: 'M013' });
    expect(await latest()).toEqual([{ status: 'stopped' }]);
    expect(await p.value("SELECT count(*) FROM portage.migration_checkpoints WHERE status = 'in_progress'")).toBe('0');
    expect((await p.command(REPAIR)).output).toMatchObject({ left: 0 });
  });

  test('that wakes up late writes nothing: another one has the entity', async () => {
    let calls = 0;
    const late: Around = async (_input, go) => {
      if (++calls === 1) {
        const result = await go(true);
        await p.passTime(120);
        expect((await p.command(REPAIR)).output).toMatchObject({ left: 0 });
        await p.run('target', 'UPDATE visits SET doctor_id = gen_random_uuid() WHERE legacy_id = 9');
        return result;
      }
      return go(true);
    };

    const { failure } = await p.commandAround({ RepairRows: late }, REPAIR);

    expect(failure).toMatchObject({ code: 'M011' });
    expect(await broken()).toBe('1');
  });

  test('does not begin while operations are held', async () => {
    await p.run('target', "INSERT INTO portage.settings VALUES ('hold', 'now')");

    expect((await p.command(REPAIR)).failure).toMatchObject({ code: 'M016' });

    await p.run('target', "DELETE FROM portage.settings WHERE name = 'hold'");
  });

  test('leaves a migration that was killed to be resumed', async () => {
    await p.run('source', "UPDATE visit SET note = 'changed'");
    await p.migrateAround(
      { MigrateSlice: (_input, _go, kill) => (kill(), Promise.reject(new Error('killed'))) },
      { entities: ['visits'] },
    );
    await p.passTime(120);

    expect((await p.command(REPAIR)).output).toMatchObject({ left: 0 });

    expect((await p.resume(['visits'])).output).toMatchObject({
      status: 'completed',
      entities: { visits: { updated: 200, conflicts: 0 } },
    });
  });
});
