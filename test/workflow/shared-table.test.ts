// Two entities that write one table, and want one unique value: the first has it, the second is set aside and is not lost (SEMANTICS 10 and 25).
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const people = (origin: string): EntityMap['entities'][string] => ({
  source: { table: `public.${origin}`, key: ['no'] },
  target: { table: 'public.people', key: ['id'], identity: ['origin', 'legacy_id'] },
  columns: { origin: { value: origin }, legacy_id: 'no', mail: 'mail' },
});

let p: Portage;
beforeEach(async () => {
  p = await portage(
    `CREATE TABLE staff (no integer PRIMARY KEY, mail text); CREATE TABLE client (no integer PRIMARY KEY, mail text);
     INSERT INTO staff VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO client VALUES (1, 'a'), (2, 'x'), (3, 'y')`,
    'CREATE TABLE people (id uuid PRIMARY KEY, origin text NOT NULL, legacy_id integer, mail text UNIQUE, UNIQUE (origin, legacy_id))',
    { name: 'shared', entities: { staff: people('staff'), client: people('client') } },
  );
});
afterEach(() => p.end());

const migrate = async () => {
  const { failure, output } = await p.migrate({ sequential: true });
  expect(failure).toBeNull();
  return output!;
};
const aside = () =>
  p.rows(
    "SELECT entity, legacy_key, code, reason FROM set_aside_rows JOIN entities USING (entity_id) WHERE state = 'open' ORDER BY 1, 2",
  );
const mails = () =>
  p.value("SELECT string_agg(origin || legacy_id || ' ' || mail, ', ' ORDER BY origin, legacy_id) FROM people");
const taken = (by: string) => `a unique value is taken already (people_mail_key), by row ${by}`;
const verdict = async () => {
  const { output } = await p.command({ command: 'data-validator validate', entities: 'all', type: 'data_integrity' });
  return (output as { verdict: string }).verdict;
};

test('whoever comes second is listed with who has the value, until he gives it up', async () => {
  expect((await migrate()).status).toBe('completed_with_findings');
  const listed = [{ entity: 'client', legacy_key: '1', code: 'M012', reason: taken('1 of staff') }];
  expect(await aside()).toEqual(listed);
  await migrate();
  expect(await aside()).toEqual(listed);
  expect(await verdict()).toBe('mismatch');
  await p.run('source', "UPDATE staff SET mail = 'another' WHERE no = 1");
  expect((await migrate()).status).toBe('completed');
  expect(await mails()).toBe('client1 a, client2 x, client3 y, staff1 another, staff2 b, staff3 c');
  expect(await verdict()).toBe('match');
});

test('a value that the later entity gives up is taken by the next run', async () => {
  await p.run('source', 'DELETE FROM client WHERE no = 1');
  await migrate();
  await p.run('source', "UPDATE staff SET mail = 'x' WHERE no = 2; UPDATE client SET mail = 'free' WHERE no = 2");
  await migrate();
  expect(await aside()).toEqual([{ entity: 'staff', legacy_key: '2', code: 'M012', reason: taken('2 of client') }]);
  expect((await migrate()).status).toBe('completed');
  expect(await mails()).toBe('client2 free, client3 y, staff1 a, staff2 x, staff3 c');
});

test('rows of two entities that swap are both set aside, and stay as they were', async () => {
  await p.run('source', 'DELETE FROM client WHERE no = 1');
  await migrate();
  await p.run('source', "UPDATE staff SET mail = 'y' WHERE no = 3; UPDATE client SET mail = 'c' WHERE no = 3");
  await migrate();
  expect(await aside()).toEqual([
    { entity: 'client', legacy_key: '3', code: 'M012', reason: taken('3 of staff') },
    { entity: 'staff', legacy_key: '3', code: 'M012', reason: taken('3 of client') },
  ]);
  expect(await mails()).toBe('client2 x, client3 y, staff1 a, staff2 b, staff3 c');
  expect(await verdict()).toBe('mismatch');
});
