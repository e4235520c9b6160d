// What a catalog says of a key and does not hold: rows without a key, or with another's, are set aside and told (SEMANTICS 7).
import { afterEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const MAP: EntityMap = {
  name: 'unproven',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', v: 'v' },
    },
  },
};
const TARGET = 'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, v text)';

let p: Portage | null = null;
afterEach(async () => {
  await p?.end();
  p = null;
});

const migrated = async (sourceSql: string) => {
  p = await portage(sourceSql, TARGET, MAP);
  const { failure, output } = await p.migrate();
  expect(failure).toBeNull();
  return output!.entities['items'];
};
const aside = () => p!.rows('SELECT legacy_key, code, rows, reason FROM set_aside_rows ORDER BY legacy_key');
const verdict = async () => {
  const { output } = await p!.command({ command: 'data-validator validate', entities: 'all', type: 'all' });
  return (output as { verdict: string }).verdict;
};

test('NOT NULL that was never validated may have rows with NULL', async () => {
  const counts = await migrated(
    `CREATE TABLE item (no integer UNIQUE, v text); INSERT INTO item VALUES (1, 'a'), (2, 'b'), (NULL, 'x'), (NULL, 'y');
     ALTER TABLE item ADD CONSTRAINT there NOT NULL no NOT VALID`,
  );
  expect(counts).toMatchObject({ read: 4, inserted: 2, setAside: 2 });
  expect(await aside()).toEqual([
    { legacy_key: '(null)', code: 'M012', rows: '2', reason: '2 rows have NULL in their key' },
  ]);
  expect(await verdict()).toBe('mismatch');
  await p!.run('source', 'UPDATE item SET no = 3 + length(v) WHERE v = $$x$$; DELETE FROM item WHERE no IS NULL');
  expect((await p!.migrate()).output!.entities['items']).toMatchObject({ inserted: 1, setAside: 0 });
  expect(await verdict()).toBe('match');
});

test('a key of a table from which others inherit does not hold for their rows', async () => {
  const counts = await migrated(
    `CREATE TABLE item (no integer PRIMARY KEY, v text); CREATE TABLE item_2019 () INHERITS (item);
     INSERT INTO item SELECT n, 'v' || n FROM generate_series(1, 20) n; INSERT INTO item_2019 SELECT n, 'old ' || n FROM generate_series(20, 30) n`,
  );
  expect(counts).toMatchObject({ read: 31, inserted: 29, setAside: 2 });
  expect(await aside()).toEqual([{ legacy_key: '20', code: 'M012', rows: '2', reason: 'the key stands for 2 rows' }]);
  expect(await verdict()).toBe('mismatch');
  await p!.run('source', 'DELETE FROM item_2019 WHERE no = 20');
  expect((await p!.migrate()).output!.entities['items']).toMatchObject({ inserted: 1, unchanged: 29, setAside: 0 });
  expect(await verdict()).toBe('match');
});

test('a foreign table keeps no NOT NULL', async () => {
  const counts = await migrated(
    `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
     CREATE FOREIGN TABLE item (no integer NOT NULL, v text) SERVER files OPTIONS (program 'printf "1,a\\n,x\\n2,b\\n"', format 'csv')`,
  );
  expect(counts).toMatchObject({ inserted: 2, setAside: 1 });
  expect(await verdict()).toBe('mismatch');
});
