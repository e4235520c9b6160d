// References that wait for their parents, and rows that wait for other rows (SEMANTICS 23).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { linkPending, settleUnlinked } from '../../shared/database/engine/link.ts';
import { workSlice } from '../../shared/database/engine/slice.ts';
import type { Worker } from '../../shared/database/engine/worker.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const WHOLE = { slice: 0, from: null, to: null };

let p: Ledgered;
let worker: Worker;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.reset();
  await p.work('offices');
  const operation = await p.operation();
  worker = p.worker(operation, await p.claim(operation, 'doctors'), { batchRows: 4 });
  await workSlice(worker, WHOLE);
});

/** The next run of the entity. */
const workAgain = async () => {
  await p.target.run("UPDATE portage.migration_checkpoints SET status = 'completed'");
  return p.work('doctors');
};
const link = () => linkPending({ ...worker, slice: -1 });
const pending = () => p.value('SELECT count(*) FROM pending_references');
const bosses = () =>
  p.rows(
    'SELECT d.legacy_id AS doctor, b.legacy_id AS boss FROM doctors d JOIN doctors b ON b.id = d.boss_id ORDER BY 1',
  );
const NINE = Array.from({ length: 9 }, (_, i) => ({ doctor: String(i + 1), boss: String(i + 2) }));

test('a reference to a row that comes later is NULL first, waits, and is set when all are there', async () => {
  expect(await bosses()).toEqual([]);
  expect(await pending()).toBe('9');
  expect(await link()).toMatchObject({ done: true, stopped: false });
  expect(await bosses()).toEqual(NINE);
  expect(await pending()).toBe('0');
});

test('setting it moves the base of the row: the next run finds nothing to do', async () => {
  await link();
  const { operation } = await workAgain();
  expect(await p.value(`SELECT count(*) FROM undo_log WHERE operation_no = ${operation.operationNo}`)).toBe('0');
  expect(await p.value('SELECT count(*) FROM data_differentials')).toBe('0');
});

test('setting it can be undone: the reference was NULL, and the bases were these', async () => {
  const bases = 'SELECT source_hash, target_hash FROM uuid_mappings WHERE legacy_id = 1 AND entity_id = 2';
  const before = await p.rows(bases);
  await link();
  const [entry] = await p.rows(
    "SELECT action, before, source_hash, target_hash, hash_after FROM undo_log WHERE legacy_key = '1'",
  );
  expect(entry).toMatchObject({ action: 'update', before: '{"boss_id": null}', ...before[0] });
  expect(entry!['hash_after']).toBe((await p.rows(bases))[0]!['target_hash']);
});

test('a row that somebody edited meanwhile is linked, and his edit stays visible as one', async () => {
  await p.run('target', "UPDATE doctors SET note = 'edited' WHERE legacy_id = 1");
  await link();
  expect(await bosses()).toEqual(NINE);
  await workAgain();
  expect(await p.rows('SELECT legacy_key, comparison_type, columns FROM data_differentials')).toEqual([
    { legacy_key: '1', comparison_type: 'value', columns: '{note}' },
  ]);
  expect(await p.value('SELECT note FROM doctors WHERE legacy_id = 1')).toBe('edited');
});

test('a reference that somebody set meanwhile stays his, and is found as an edit', async () => {
  await p.run('target', 'UPDATE doctors SET boss_id = id WHERE legacy_id = 1');
  await link();
  expect((await bosses())[0]).toEqual({ doctor: '1', boss: '1' });
  expect(await pending()).toBe('0');
  await workAgain();
  expect(await p.rows('SELECT legacy_key, columns FROM data_differentials')).toEqual([
    { legacy_key: '1', columns: '{boss_id}' },
  ]);
});

test('a row that somebody deleted meanwhile waits no more', async () => {
  await p.run('target', 'DELETE FROM doctors WHERE legacy_id = 1');
  await link();
  expect(await pending()).toBe('0');
  expect(await bosses()).toEqual(NINE.slice(1));
});

test('a reference that the target refuses, even if only at the end, leaves that one row without it, listed until it goes', async () => {
  await p.run(
    'target',
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.legacy_id = 5 AND new.boss_id IS NOT NULL THEN RAISE EXCEPTION 'not he'; END IF; RETURN NULL; END $$;
     CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON doctors DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  expect(await link()).toMatchObject({ done: true, stopped: false });
  await settleUnlinked({ ...worker, slice: -1 });
  await p.run('target', 'DROP FUNCTION refuse CASCADE');
  expect(await bosses()).toEqual(NINE.filter(({ doctor }) => doctor !== '5'));
  const listed = 'SELECT legacy_key, code, column_name, state, reason FROM set_aside_rows';
  expect(await p.rows(listed)).toEqual([
    {
      legacy_key: '5',
      code: 'M012',
      column_name: 'boss_id',
      state: 'open',
      reason: expect.stringMatching(/trigger refuses.*the reference is NULL in the target$/),
    },
  ]);
  await p.target.run("UPDATE portage.migration_checkpoints SET status = 'completed'");
  const operation = await p.operation();
  const next = p.worker(operation, await p.claim(operation, 'doctors'), { slice: -1 });
  await linkPending(next);
  await settleUnlinked(next);
  expect(await bosses()).toEqual(NINE);
  expect(await p.rows(listed)).toMatchObject([{ legacy_key: '5', state: 'written' }]);
});

describe('a parent that is nowhere', () => {
  test('leaves a new child waiting, with the key that it waits for, until the source says otherwise', async () => {
    await link();
    await p.run('source', "INSERT INTO doctor (doc_no, doc_nm, office_no, boss_no) VALUES (21, 'New', 1, 99)");
    await workAgain();
    expect(await p.rows('SELECT column_name, legacy_key, parent_key FROM pending_references')).toEqual([
      { column_name: 'boss_id', legacy_key: '21', parent_key: '99' },
    ]);
    await p.run('source', 'UPDATE doctor SET boss_no = NULL, fee = 1 WHERE doc_no = 21');
    await workAgain();
    expect(await pending()).toBe('0');
    await p.run('source', 'DELETE FROM doctor WHERE doc_no = 21');
  });

  test('does not take from a row that is there the parent that it has', async () => {
    await link();
    await p.run('source', 'UPDATE doctor SET boss_no = 99 WHERE doc_no = 1');
    await workAgain();
    await p.run('source', 'UPDATE doctor SET boss_no = 2 WHERE doc_no = 1');
    expect(await bosses()).toEqual(NINE);
    expect(await p.rows('SELECT legacy_key, reason FROM parked_rows')).toEqual([
      { legacy_key: '1', reason: 'waits for boss_id' },
    ]);
  });

  test('keeps a row that cannot do without it out, parked', async () => {
    await p.run('source', 'UPDATE doctor SET office_no = 7 WHERE doc_no = 20');
    await p.run(
      'target',
      'DELETE FROM portage.uuid_mappings WHERE legacy_id = 20; DELETE FROM doctors WHERE legacy_id = 20',
    );
    const { operation } = await workAgain();
    expect(await p.rows('SELECT legacy_key, reason, operation_no FROM parked_rows')).toEqual([
      { legacy_key: '20', reason: 'waits for office_id', operation_no: String(operation.operationNo) },
    ]);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('19');
    await p.run('source', 'UPDATE doctor SET office_no = 1 WHERE doc_no = 20');
  });
});
