// What the sums of hashes notice, and that nothing is called equal that is not (SEMANTICS 3 and 9).
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { literalOrNull } from '../../shared/domain/identifiers.ts';
import { mappedSums } from '../../shared/database/sql/leaf.ts';
import { sourceSums } from '../../shared/database/sql/source.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';

const ALL = { from: null, to: null };
const LEGACY = `
  CREATE TABLE item (no integer PRIMARY KEY, amount numeric, ratio float8, code char(4), note text, span interval, doc json, docb jsonb, list integer[], place point, flags bigint);
  INSERT INTO item SELECT n, 127, 0, 'A1', 'note ' || n, '1 month', '{"a": 1}', '{"a": 1}', '{1,2}', '(1,2)', 0 FROM generate_series(1, 50) n;
  CREATE TABLE word (w text PRIMARY KEY);`;
const NEW = `
  CREATE TABLE items (id uuid PRIMARY KEY, no integer, amount numeric, ratio float8, code char(8), note text, span interval, doc json, docb jsonb, list integer[], place point, flags bigint);
  CREATE TABLE words (id uuid PRIMARY KEY, w text);`;
const COLUMNS = ['no', 'amount', 'ratio', 'code', 'note', 'span', 'doc', 'docb', 'list', 'place', 'flags'];
const map: EntityMap = {
  name: 'exact',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['no'] },
      columns: Object.fromEntries(COLUMNS.map((name) => [name, name])),
    },
    'words \u00fc': {
      source: { table: 'public.word', key: ['w'] },
      target: { table: 'public.words', key: ['id'] },
      columns: { w: 'w' },
    },
  },
};

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(LEGACY, NEW, map);
  await p.work('items');
});
afterAll(() => p.end());

async function sums() {
  const items = p.entity('items');
  const [source] = await p.source.rows(sourceSums(items, ALL, []));
  const [mapped] = await p.target.rows(mappedSums(items, ALL, []));
  return { source: source!, mapped: mapped! };
}

describe('the sums over a range', () => {
  test('are equal in the source and in the mappings after a migration, and so are those of the target', async () => {
    const { source, mapped } = await sums();
    expect([source['rows'], source['hashes']]).toEqual([mapped['rows'], mapped['source_hashes']]);
    expect([mapped['target_rows'], mapped['target_now'], mapped['unbased']]).toEqual([
      '50',
      mapped['target_hashes'],
      '0',
    ]);
  });

  test('notice two rows that swap their values, on either side', async () => {
    const swap = (table: string) =>
      `UPDATE ${table} SET note = CASE no WHEN 3 THEN 'note 4' WHEN 4 THEN 'note 3' ELSE note END WHERE no IN (3, 4)`;
    const before = await sums();
    await p.run('source', swap('item'));
    await p.run('target', swap('items'));
    const after = await sums();
    expect(after.source['hashes']).not.toBe(before.source['hashes']);
    expect(after.mapped['target_now']).not.toBe(before.mapped['target_now']);
    await p.run('source', `UPDATE item SET note = 'note ' || no`);
    await p.run('target', `UPDATE items SET note = 'note ' || no`);
    expect(await sums()).toEqual(before);
  });

  test('notice a target row that is gone, and one that is there instead', async () => {
    const before = (await sums()).mapped;
    await p.run(
      'target',
      'BEGIN; ALTER TABLE items ADD old uuid; UPDATE items SET old = id, id = gen_random_uuid() WHERE no = 7; COMMIT',
    );
    const after = (await sums()).mapped;
    expect([after['rows'], after['target_rows']]).toEqual(['50', '49']);
    await p.run('target', 'UPDATE items SET id = old WHERE no = 7; ALTER TABLE items DROP old');
    expect((await sums()).mapped).toEqual(before);
  });
});

describe('a value that = would call the same is carried all the same', () => {
  const CHANGES = [
    ['127 and 127.0', 'amount', '127', '127.0'],
    ['127.0 and 127.00', 'amount', '127.0', '127.00'],
    ['0 and -0', 'ratio', '0', '-0'],
    ['-0 and 0', 'ratio', '-0', '0'],
    ['the empty text and NULL', 'note', '', null],
    ['NULL and the empty text', 'note', null, ''],
    ['one letter in another case', 'note', 'é', 'É'],
    ['the same letter composed otherwise', 'note', 'é', 'e\u0301'],
    ['a month and thirty days', 'span', '1 mon', '30 days'],
    ['json by its spaces', 'doc', '{"a": 1}', '{"a":1}'],
    ['jsonb 1 and 1.0', 'docb', '{"a": 1}', '{"a": 1.0}'],
    ['an array with other bounds', 'list', '{1,2}', '[0:1]={1,2}'],
    ['a point', 'place', '(1,2)', '(1,3)'],
    ['-1 and 4294967295, whose halves fold into one hash', 'flags', '-1', '4294967295'],
    ['0 and 4294967297, which do so too', 'flags', '0', '4294967297'],
  ] as const;
  const set = (pick: (change: (typeof CHANGES)[number]) => string | null): string =>
    CHANGES.map(
      (change, i) => `UPDATE item SET ${change[1]} = ${literalOrNull(pick(change))} WHERE no = ${i + 1}`,
    ).join(';');
  let operationNo: number;

  beforeAll(async () => {
    await p.run(
      'source',
      set(([, , before]) => before),
    );
    await p.work('items');
    await p.run('source', `${set(([, , , after]) => after)}; UPDATE item SET code = 'A1  ' WHERE no = 30`);
    ({ operationNo } = (await p.work('items')).operation);
  });

  test.each(CHANGES.map((change, i) => [change[0], change[1], change[3], i + 1] as const))(
    '%s',
    async (_, column, value, no) => {
      expect(await p.value(`SELECT ${column} FROM items WHERE no = ${no}`)).toBe(value);
      const undo = `SELECT before ->> '${column}' FROM undo_log WHERE operation_no = ${operationNo} AND legacy_key = '${no}'`;
      expect(await p.value(undo)).toBe(CHANGES[no - 1]![2]);
    },
  );

  test('but the padding of a char is no part of its value', async () => {
    const writes = `SELECT count(*) FROM undo_log WHERE operation_no = ${operationNo}`;
    expect(await p.value(writes)).toBe(String(CHANGES.length));
    expect(await p.value(`SELECT count(*) FROM items WHERE code = 'A1'`)).toBe('50');
  });
});

describe('a derived UUID', () => {
  /** RFC 9562, version 8: sha256 of map, entity and key, each set off by 0x1F. */
  function uuidOf(entity: string, key: string): string {
    const bytes = createHash('sha256').update(`exact\u001F${entity}\u001F${key}`).digest().subarray(0, 16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x80;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  test('of an integer key is what anybody computes from map, entity and key', async () => {
    const rows = await p.rows('SELECT no, id FROM items ORDER BY no');
    expect(rows).toEqual(rows.map(({ no }) => ({ no, id: uuidOf('items', no!) })));
  });

  test('of a text key is, too, whatever is in the key or in the name of the entity', async () => {
    const words = ['', 'ß', '😀', "O'Neill", 'a\\b', '\u001f', '005', '5'];
    await p.run('source', `INSERT INTO word VALUES ${words.map((word) => `(${literalOrNull(word)})`).join(', ')}`);
    await p.work('words \u00fc');
    const rows = await p.rows('SELECT w, id FROM words');
    expect(rows).toHaveLength(words.length);
    expect(rows).toEqual(rows.map(({ w }) => ({ w, id: uuidOf('words \u00fc', w!) })));
  });
});
