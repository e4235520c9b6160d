// A migration beside others: another migration, people who edit the target, a source that does not stand still.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { withClient } from '../support/database.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 300) n`,
    SURGERY_TARGET,
    surgery,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());

test('of two migrations of the same entities one is done and one is refused', async () => {
  const both = await Promise.all([p.migrate({ batchSize: 50 }), p.migrate({ batchSize: 50 })]);
  expect(both.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
  const refused = both.find(({ status }) => status === 'FAILED');
  expect(refused!.failure).toMatchObject({ code: 'M001' });
  expect(await p.rows('SELECT count(*) AS rows, count(DISTINCT legacy_id) AS numbers FROM doctors')).toEqual([
    { rows: '300', numbers: '300' },
  ]);
  expect((await p.migrate()).output).toMatchObject({ status: 'completed', entities: { doctors: { unchanged: 300 } } });
});

test('a second one that begins while the first is at work is refused before it writes anything', async () => {
  let second: Awaited<ReturnType<Portage['migrate']>> | undefined;
  const first = await p.migrateAround({
    LinkReferences: async (_, go) => {
      second ??= await p.migrate();
      return go();
    },
  });
  expect(second!.failure).toMatchObject({ code: 'M001', expected: expect.stringMatching(/no other/) });
  expect(first.output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT count(*) FROM operations')).toBe('1');
});

test('migrations of different entities do not disturb each other', async () => {
  await p.migrate({ entities: ['offices'] });
  await p.run('source', "UPDATE office SET office_nm = 'Other'");
  const both = await Promise.all([p.migrate({ entities: ['offices'] }), p.migrate({ entities: ['doctors'] })]);
  expect(both.map(({ output }) => output?.status)).toEqual(['completed', 'completed']);
  await p.run('source', "UPDATE office SET office_nm = CASE office_no WHEN 1 THEN 'North' ELSE 'South' END");
});

test('no edit is lost that somebody makes in the target while a migration runs', async () => {
  await p.migrate();
  let writing = true;
  const edits = new Map<number, string>();
  const writer = withClient(p.targetUrl, async (client) => {
    for (let i = 0; writing; i++) {
      const no = 1 + ((i * 37) % 300);
      await client.query('UPDATE doctors SET note = $2 WHERE legacy_id = $1', [no, `edit ${i}`]);
      edits.set(no, `edit ${i}`);
    }
  });
  for (let round = 0; round < 2; round++) {
    // The source changes every row, in a column that nobody edits and in the one that is edited.
    await p.run('source', `UPDATE doctor SET fee = fee + 1, note = 'source ${round}'`);
    await p.migrate({ batchSize: 40 });
  }
  writing = false;
  await writer;
  const notes = await p.rows(
    "SELECT legacy_id, note, (SELECT count(*) FROM undo_log u WHERE u.legacy_key = d.legacy_id::text AND u.before ->> 'note' LIKE 'edit%') AS overwritten FROM doctors d",
  );
  const lost = notes.filter(
    ({ legacy_id, note }) => edits.has(Number(legacy_id)) && note !== edits.get(Number(legacy_id)),
  );
  expect(edits.size).toBeGreaterThan(50);
  expect(lost).toEqual([]);
  expect(notes.filter(({ overwritten }) => overwritten !== '0')).toEqual([]);
  await p.run('source', 'UPDATE doctor SET fee = fee - 2, note = NULL');
});

test('a parent that appears after its entity was read is pulled for the child that needs it', async () => {
  const run = await p.migrateAround({
    MigrateSlice: async (input, go) => {
      if (input['entity'] === 'doctors')
        await p.run(
          'source',
          "INSERT INTO office VALUES (9, 'Late') ON CONFLICT DO NOTHING; UPDATE doctor SET office_no = 9 WHERE doc_no = 300",
        );
      return go();
    },
  });
  await p.run('source', 'UPDATE doctor SET office_no = 1 WHERE doc_no = 300; DELETE FROM office WHERE office_no = 9');
  expect(run.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 300, setAside: 0 } } });
});

test('a unique value that two rows swap is carried', async () => {
  await p.run('target', 'CREATE UNIQUE INDEX one_email ON doctors (email)');
  await p.migrate();
  const swap =
    "UPDATE doctor SET email = CASE doc_no WHEN 1 THEN 'd2@example.org' ELSE 'd1@example.org' END WHERE doc_no IN (1, 2)";
  await p.run('source', swap);
  const run = await p.migrate();
  const emails = await p.rows('SELECT email FROM doctors WHERE legacy_id IN (1, 2) ORDER BY legacy_id');
  await p.run('source', "UPDATE doctor SET email = 'd' || doc_no || '@example.org' WHERE doc_no IN (1, 2)");
  await p.run('target', 'DROP INDEX one_email');
  expect(run.output).toMatchObject({ status: 'completed', entities: { doctors: { updated: 2, setAside: 0 } } });
  expect(emails).toEqual([{ email: 'd2@example.org' }, { email: 'd1@example.org' }]);
});

test('a row whose expression names a time zone that does not exist is set aside, and the others are carried', async () => {
  const columns = {
    ...surgery.entities.doctors.columns,
    phone: { sql: "(timestamp '2023-01-01' AT TIME ZONE coalesce(s.note, 'UTC'))::text" },
  };
  await p.run(
    'source',
    "UPDATE doctor SET note = 'Europe/Prague'; UPDATE doctor SET note = 'Nowhere' WHERE doc_no = 200",
  );
  await p.useMap({ ...surgery, entities: { ...surgery.entities, doctors: { ...surgery.entities.doctors, columns } } });
  const run = await p.migrate();
  await p.useMap(surgery);
  await p.run('source', 'UPDATE doctor SET note = NULL');
  expect(run.output).toMatchObject({
    status: 'completed_with_findings',
    entities: { doctors: { inserted: 299, setAside: 1 } },
  });
  expect(await p.rows('SELECT legacy_key FROM set_aside_rows')).toEqual([{ legacy_key: '200' }]);
});
