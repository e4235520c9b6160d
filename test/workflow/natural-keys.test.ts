// Keys of the target itself with several parts: a row is found by what was sent and by what stands there alike (SEMANTICS 6 and 11).
import { afterEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const MAP: EntityMap = {
  name: 'natural',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['k', 'n'] },
      columns: { k: 'k', n: 'n', v: 'v' },
      deletes: 'propagate',
    },
  },
};

let p: Portage;
afterEach(() => p.end());
const open = (sourceType: string, type: string, values: readonly string[]) =>
  portage(
    `CREATE TABLE item (no integer PRIMARY KEY, k ${sourceType}, n integer, v text); INSERT INTO item VALUES ${values.map((value, i) => `(${i + 1}, '${value}', 1, 'v${i + 1}')`).join(', ')}`,
    `CREATE TABLE items (k ${type}, n integer, v text, PRIMARY KEY (k, n))`,
    MAP,
  );
const items = async (request = {}) => {
  const { failure, output } = await p.migrate(request);
  expect(failure).toBeNull();
  return output!.entities['items'];
};
const verdict = async () => {
  const { output } = await p.command({ command: 'data-validator validate', entities: 'all', type: 'all' });
  return (output as { verdict: string }).verdict;
};

test.each([
  ['char(n), sent without its padding', 'text', 'char(5)', ['a', 'bb']],
  ['arrays', 'text[]', 'text[]', ['{a,b}', '{}', '{"c,d"}']],
  ['jsonb', 'jsonb', 'jsonb', ['1', '"a"', '{"b": 1}']],
  ['bytea', 'bytea', 'bytea', ['\\x00ff', '\\x']],
  ['timestamps', 'text', 'timestamptz', ['2020-01-01 02:00+02', 'infinity']],
])('parts that are %s', async (_, sourceType, type, values) => {
  p = await open(sourceType, type, values);
  expect(await items()).toMatchObject({ inserted: values.length });
  await p.run('source', "UPDATE item SET v = 'changed' WHERE no = 1");
  expect(await items()).toMatchObject({ updated: 1, unchanged: values.length - 1 });
  expect(await verdict()).toBe('match');
  await p.run('source', 'DELETE FROM item WHERE no = 2');
  const { output } = await p.migrate();
  expect(output!.entities['items']).toMatchObject({ deleted: 1, unchanged: values.length - 1 });
  expect((await p.rollback(output!.operationId)).output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT count(*) FROM items')).toBe(String(values.length));
});

test('a mapped row is not adopted by another key that means it', async () => {
  p = await open('text', 'char(5)', ['a', 'bb']);
  await items();
  await p.run('target', "INSERT INTO items VALUES ('z', 9, 'native')");
  await p.run('source', "INSERT INTO item VALUES (3, 'a', 1, 'the same')");
  expect(await items()).toMatchObject({ adopted: 0, setAside: 1, unchanged: 2 });
  expect(await p.rows('SELECT legacy_key, code FROM set_aside_rows')).toEqual([{ legacy_key: '3', code: 'M004' }]);
  expect(await p.value('SELECT count(*) FROM uuid_mappings')).toBe('2');
});
