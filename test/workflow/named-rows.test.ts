// Rows that somebody names (COMMANDS: --force-records).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setAside, setAsideList } from '../../shared/operations/differential-migration/set-aside.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { ask } from '../support/inspect.ts';
import { LISTED_AS_BEFORE, LISTED_SOURCE, LISTED_TARGET, listedMap } from '../support/listed-rows.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(LISTED_SOURCE, LISTED_TARGET, listedMap);
  expect((await p.migrate()).failure).toBeNull();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run('source', LISTED_AS_BEFORE);
  await p.empty();
});

const command = commandOf(setAside);
const list = async (entity: unknown = 'all') => (await ask(setAsideList, command, { entity })).answer;
const force = (entity: string, forceRecords: unknown, more = {}) =>
  p.migrate({ entities: [entity], forceRecords, ...more });
const notes = () => p.rows("SELECT legacy_id, note FROM doctors WHERE note <> '' ORDER BY 1");

describe('named rows', () => {
  beforeEach(async () => {
    await p.migrate();
  });

  test('are rewritten, whoever changed them, and no others', async () => {
    await p.run(
      'target',
      "UPDATE doctors SET note = 'target' WHERE legacy_id IN (11, 13); DELETE FROM doctors WHERE legacy_id = 14",
    );
    const run = await force('doctors', ['11', 14, '0017']);
    expect(run.failure).toBeNull();
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: { doctors: { read: 3, updated: 2, inserted: 1, unchanged: 0, setAside: 0 } },
    });
    expect(await notes()).toEqual([{ legacy_id: '13', note: 'target' }]);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
    expect(
      await p.rows(
        "SELECT legacy_key, before ->> 'note' AS note FROM undo_log WHERE action = 'update' AND legacy_key IN ('11', '17') ORDER BY undo_no DESC LIMIT 2",
      ),
    ).toEqual(
      expect.arrayContaining([
        { legacy_key: '11', note: 'target' },
        { legacy_key: '17', note: null },
      ]),
    );
    expect(await p.value('SELECT count(*) FROM parked_rows')).toBe('0');
    expect((await p.migrate()).output!.entities['doctors']).toMatchObject({ updated: 0, inserted: 0, kept: 1 });
  });

  test('are written even when equal: a trigger of the target sees them', async () => {
    const before = await p.rows('SELECT code, written_at FROM rates ORDER BY 1');
    await force('rates', [['USD', '2009-01-01']]);
    const after = await p.rows('SELECT code, written_at FROM rates ORDER BY 1');
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  test('of a key of several columns may be named by its canonical text too', async () => {
    const run = await force('rates', ['["USD", "2009-01-01"]', ['XXX', '2009-01-01']]);
    expect(run.output).toMatchObject({ entities: { rates: { updated: 1 } }, notFound: ['["XXX", "2009-01-01"]'] });
    expect((await force('rates', ['USD'])).failure).toMatchObject({ code: 'SYS002', got: 'USD' });
  });

  test('of a text key are named by it', async () => {
    await p.run('target', 'UPDATE words SET length = 7');
    expect((await force('words', ['w7', 'w8'])).output!.entities['words']).toMatchObject({ read: 2, updated: 2 });
    expect(await p.value('SELECT count(*) FROM words WHERE length = 7')).toBe('28');
  });

  test('that do not exist in the source are reported, and the others written', async () => {
    const run = await force('doctors', ['3', '99']);
    expect(run.output).toMatchObject({
      status: 'completed_with_findings',
      notFound: ['99'],
      entities: { doctors: { updated: 1 } },
    });
  });

  test('that cannot be a key are refused before anything is written', async () => {
    const operations = await p.value('SELECT count(*) FROM operations');
    expect((await force('doctors', ['three'])).failure).toMatchObject({
      code: 'SYS002',
      message: 'not a legacy key of doctors',
    });
    expect((await p.migrate({ entities: 'all', forceRecords: ['3'] })).failure).toMatchObject({ code: 'SYS002' });
    expect((await force('doctors', ['3'], { mode: 'missing-only' })).failure).toMatchObject({ code: 'SYS002' });
    expect(await p.value('SELECT count(*) FROM operations')).toBe(operations);
  });

  test('one that cannot be written is set aside, and the others are written', async () => {
    await p.run('source', "UPDATE doctor SET doc_nm = repeat('x', 50) WHERE doc_no = 5");
    const run = await force('doctors', ['4', '5', '6']);
    expect(run.output!.entities['doctors']).toMatchObject({ read: 3, updated: 2, setAside: 1 });
    expect((await list()).rows).toMatchObject([{ legacyId: '5', code: 'M012', state: 'open' }]);
  });

  test('a key that stands for several rows is set aside with all of them', async () => {
    await p.run('source', "INSERT INTO word VALUES ('w3', 2)");
    const run = await force('words', ['w3', 'w4']);
    expect(run.output!.entities['words']).toMatchObject({ updated: 1, setAside: 2 });
    expect(run.output!.notFound).toBeUndefined();
    expect((await list()).rows).toMatchObject([{ legacyId: 'w3', reason: 'the key stands for 2 rows' }]);
  });

  test('a dry run counts the same and writes nothing', async () => {
    await p.run('target', 'DELETE FROM doctors WHERE legacy_id = 14');
    const before = await p.rows('SELECT * FROM doctors ORDER BY id');
    const run = await force('doctors', ['11', '14', '99'], { dryRun: true });
    expect(run.output).toMatchObject({
      dryRun: true,
      entities: { doctors: { read: 2, updated: 1, inserted: 1 } },
      notFound: ['99'],
    });
    expect(await p.rows('SELECT * FROM doctors ORDER BY id')).toEqual(before);
  });

  test('killed after they were parked, are written by resume, once', async () => {
    await p.run('target', "UPDATE doctors SET note = 'target' WHERE legacy_id IN (11, 13)");
    const killed = await p.migrateAround(
      { LinkReferences: async (_input, _go, kill) => kill() },
      { entities: ['doctors'], forceRecords: ['11'] },
    );
    expect(killed.status).toBe('FAILED');
    expect(await notes()).toHaveLength(2);
    await p.passTime(100);
    const run = await p.resume();
    expect(run.failure).toBeNull();
    expect(run.output!.entities['doctors']).toMatchObject({ read: 1, updated: 1 });
    expect(await notes()).toEqual([{ legacy_id: '13', note: 'target' }]);
    expect((await p.resume()).output!.notes).toEqual(['nothing to resume']);
  });
});

test('a migration that was interrupted before can be resumed after named rows', async () => {
  let slices = 0;
  await p.migrateAround(
    { MigrateSlice: async (_input, go, kill) => (slices++ === 0 ? go() : kill()) },
    { entities: 'all', sequential: true },
  );
  await p.passTime(100);
  expect((await force('offices', ['1'])).output!.entities['offices']).toMatchObject({ updated: 1 });
  const run = await p.resume();
  expect(run.output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
});
