// Rows that could not be written: listed, tried again, ignored, gone (COMMANDS: set-aside).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { asideText } from '../../cli/output/aside.ts';
import { setAside, setAsideIgnored, setAsideList } from '../../shared/operations/differential-migration/set-aside.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { ask, refused } from '../support/inspect.ts';
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
const retry = async (...entity: string[]) => (await p.start({ command, entity, retry: true })).wait();
const notes = () => p.rows("SELECT legacy_id, note FROM doctors WHERE note <> '' ORDER BY 1");

describe('rows set aside', () => {
  beforeEach(async () => {
    await p.run(
      'source',
      `UPDATE doctor SET office_no = 7 WHERE doc_no = 20; UPDATE doctor SET doc_nm = repeat('x', 50) WHERE doc_no = 15;
       UPDATE word SET divisor = 0 WHERE word IN ('w3', 'w9')`,
    );
    expect((await p.migrate()).output!.status).toBe('completed_with_findings');
  });

  test('are listed with key and reason, and without a value of the row', async () => {
    const { answer, exit } = await ask(setAsideList, command, { entity: ['doctors', 'words'] });
    expect(exit).toBe(1);
    expect(answer).toMatchObject({ open: 4, ignored: 0 });
    expect(answer.rows.map((row) => [row.entity, row.legacyId, row.code, row.column])).toEqual([
      ['doctors', '20', 'M003', 'office_id'],
      ['doctors', '15', 'M012', 'name'],
      ['words', 'w3', 'M012', 'length'],
      ['words', 'w9', 'M012', 'length'],
    ]);
    expect(JSON.stringify(answer)).not.toContain('example.org');
    expect(await refused(command, { entity: ['docters'] })).toMatchObject({ code: 'SYS002', exit: 2 });
  });

  test('are counted by kind where they are many, what only follows from another row last', async () => {
    expect((await list()).kinds).toBeUndefined();
    await p.run('source', "INSERT INTO doctor SELECT n, 'Doctor', 1, 7 FROM generate_series(1001, 1250) n");
    await p.migrate();
    const { answer } = await ask(setAsideList, command, { entity: 'all' });
    expect(answer.rows).toHaveLength(200);
    expect(answer.kinds!.map(({ entity, code, column, rows }) => [entity, code, column, rows])).toEqual([
      ['words', 'M012', 'length', 2],
      ['doctors', 'M012', 'name', 1],
      ['doctors', 'M003', 'office_id', 251],
    ]);
    expect(asideText(answer, (_, text) => text)).toMatch(
      /254 rows set aside\. The first 200 are shown\.\n\nWhat is in the way, causes first:\n\nEntity .*\nwords +M012 +length +2 +/,
    );
  });

  test('get another look, and no other row does', async () => {
    await p.run(
      'source',
      "UPDATE doctor SET office_no = 1 WHERE doc_no = 20; UPDATE doctor SET note = 'new' WHERE doc_no = 1; UPDATE word SET divisor = 5 WHERE word = 'w3'",
    );
    const run = await retry('doctors', 'words');
    expect(run.output).toMatchObject({
      status: 'completed_with_findings',
      entities: {
        doctors: { read: 2, inserted: 1, updated: 0, setAside: 1 },
        words: { read: 2, inserted: 1, setAside: 1 },
      },
    });
    expect((await list()).rows.map((row) => row.legacyId)).toEqual(['15', 'w9']);
    expect(await notes()).toEqual([]);
    await p.run('source', "UPDATE doctor SET doc_nm = 'x' WHERE doc_no = 15; DELETE FROM word WHERE word = 'w9'");
    expect((await retry('doctors', 'words')).output).toMatchObject({ status: 'completed' });
    expect((await list()).rows).toEqual([]);
    expect((await retry('doctors')).output!.entities['doctors']).toMatchObject({ read: 0 });
    expect((await p.migrate()).output!.entities['doctors']).toMatchObject({ inserted: 0, updated: 1 });
  });

  test('leave the list when a run that looks at everything no longer finds them', async () => {
    await p.run('source', 'DELETE FROM word WHERE divisor = 0; DELETE FROM doctor WHERE doc_no IN (15, 20)');
    expect((await p.migrate()).output!.status).toBe('completed');
    expect((await list()).rows).toEqual([]);
    expect(await p.value("SELECT count(*) FROM set_aside_rows WHERE state = 'gone'")).toBe('4');
  });

  test('that are ignored count no more, until the source row changes', async () => {
    const ignored = await ask(setAsideIgnored, command, {
      entity: ['words'],
      ignore: ['w3', 'w9', 'w1'],
      reason: 'old',
    });
    expect(ignored).toMatchObject({ exit: 1, answer: { ignoredNow: ['w3', 'w9'], notListed: ['w1'] } });
    await ask(setAsideIgnored, command, { entity: ['doctors'], ignore: [15, 20], reason: 'old' });
    const run = await p.migrate();
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: { words: { setAside: 0 }, doctors: { setAside: 0 } },
    });
    expect(await list()).toMatchObject({ open: 0, ignored: 4 });
    expect((await p.migrate({ dryRun: true })).output!.status).toBe('completed');

    await p.run(
      'source',
      "UPDATE word SET divisor = 0, word = word WHERE word = 'w3'; UPDATE doctor SET fee = 99 WHERE doc_no = 15",
    );
    const changed = await p.migrate();
    expect(changed.output).toMatchObject({
      status: 'completed_with_findings',
      entities: { words: { setAside: 0 }, doctors: { setAside: 1 } },
    });
    expect((await list()).rows.filter((row) => row.state === 'open').map((row) => row.legacyId)).toEqual(['15']);

    await p.run('source', "UPDATE word SET divisor = 4 WHERE word = 'w3'");
    expect((await p.migrate()).output!.entities['words']).toMatchObject({ inserted: 1 });
    expect((await list('all')).ignored).toBe(2);
  });

  test('that are ignored are not tried again by a retry', async () => {
    await ask(setAsideIgnored, command, { entity: ['words'], ignore: ['w3'], reason: 'old' });
    expect((await retry('words')).output!.entities['words']).toMatchObject({ read: 1, setAside: 1 });
    expect(await list()).toMatchObject({ open: 3, ignored: 1 });
  });

  test('another look asked of the wrong machine is refused', async () => {
    expect(await refused(command, { entity: ['words'], retry: true })).toMatchObject({ code: 'SYS002' });
    expect(await refused(command, { entity: ['words'], ignore: ['w3'] })).toMatchObject({ code: 'SYS002' });
  });
});
