// Where a line of keys is cut, and which side of a cut a key is on: a row in two ranges or in none would be lost silently.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { inRange, keyLiteral } from '../../shared/database/sql/range.ts';
import {
  bucketOf,
  countRows,
  duplicateKeys,
  everyNthKey,
  firstKey,
  nullKeys,
  sourceSums,
} from '../../shared/database/sql/source.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const MIN = '-9223372036854775808';
const MAX = '9223372036854775807';
const TEXTS = [
  '',
  ' ',
  '/',
  '0',
  '00',
  '005',
  '5',
  'A',
  'Z',
  'a',
  'zz',
  'Ä',
  'ä',
  'Žižka',
  '北京',
  '😀',
  '\uFFFD',
  'a\\b',
  "O'Neill",
];

const entityOf = (table: string, key: string, where?: string) => ({
  source: { table: `public.${table}`, key: [key], where },
  target: { table: `public.${table}s`, key: ['id'] },
  columns: { k: key },
});
const map: EntityMap = {
  name: 'lines',
  entities: {
    number: entityOf('number', 'n'),
    word: entityOf('word', 'w'),
    loose: entityOf('loose', 'n', 's.n IS NULL OR s.n < 100'),
  },
};

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    `CREATE TABLE number (n bigint PRIMARY KEY);
     CREATE TABLE word (w text PRIMARY KEY);
     CREATE TABLE loose (n integer);
     INSERT INTO number VALUES (${MIN}), (-7), (-1), (0), (1), (2), (9), (10), (11), (${MAX});
     INSERT INTO word VALUES ${TEXTS.map((text) => `(${keyLiteral('text', text)})`).join(', ')};
     INSERT INTO loose VALUES (1), (2), (2), (3), (3), (3), (NULL), (NULL), (500), (500);`,
    `CREATE TABLE numbers (id uuid PRIMARY KEY, k bigint);
     CREATE TABLE words (id uuid PRIMARY KEY, k text);
     CREATE TABLE looses (id uuid PRIMARY KEY, k integer);`,
    map,
  );
});
afterAll(() => p.end());

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byNumber = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The bucket of each key, as PostgreSQL has it. */
async function buckets(
  entity: 'number' | 'word',
  keys: readonly string[],
  bounds: readonly string[],
): Promise<number[]> {
  const type = entity === 'number' ? 'bigint' : 'text';
  const key = entity === 'number' ? 'x.k' : 'x.k COLLATE "C"';
  const rows = await p.source.rows<{ bucket: string }>(
    `SELECT ${bucketOf(p.entity(entity), key, bounds)} AS bucket FROM unnest($1::${type}[]) WITH ORDINALITY AS x (k, i) ORDER BY i`,
    [keys],
  );
  return rows.map((row) => Number(row.bucket));
}

describe('a key is in the bucket of the first bound that is not below it', () => {
  const edges = [MIN, String(BigInt(MIN) + 1n), '-1', '0', '1', String(BigInt(MAX) - 1n), MAX].map(BigInt);
  const number = fc.oneof(
    fc.bigInt({ min: BigInt(MIN), max: BigInt(MAX) }),
    fc.constantFrom(...edges),
    fc.bigInt(-9n, 9n),
  );

  test('among integers, with bounds at both ends of bigint', async () => {
    const lines = fc.record({
      bounds: fc.uniqueArray(number, { maxLength: 8 }),
      keys: fc.array(number, { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(lines, async ({ bounds, keys }) => {
        const sorted = bounds.toSorted(byNumber);
        const all = [...keys, ...sorted, ...edges];
        const expected = all.map((key) => sorted.filter((bound) => bound < key).length);
        expect(await buckets('number', all.map(String), sorted.map(String))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('among texts by their bytes, the empty one first', async () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 4 }).filter((text) => !text.includes('\0') && text.isWellFormed()),
      fc.constantFrom(...TEXTS),
    );
    const lines = fc.record({ bounds: fc.uniqueArray(word, { maxLength: 8 }), keys: fc.array(word, { minLength: 1 }) });
    await fc.assert(
      fc.asyncProperty(lines, async ({ bounds, keys }) => {
        const sorted = bounds.toSorted(byBytes);
        const all = [...keys, ...sorted, ...TEXTS];
        const expected = all.map((key) => sorted.filter((bound) => byBytes(bound, key) < 0).length);
        expect(await buckets('word', all, sorted)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('without bounds there is one bucket', async () => {
    expect(await buckets('number', [MIN, '0', MAX], [])).toEqual([0, 0, 0]);
  });
});

describe('ranges that end at every n-th key', () => {
  test.each([1, 2, 3, 4, 10, 11])('hold %i rows each, and each row once', async (step) => {
    for (const name of ['number', 'word'] as const) {
      const entity = p.entity(name);
      const all = { from: null, to: null };
      const bounds = (await p.source.rows<{ key: string }>(everyNthKey(entity, all, step))).map((row) => row.key);
      const sums = await p.source.rows<{ bucket: string; rows: string }>(
        `SELECT * FROM (${sourceSums(entity, all, bounds)}) s ORDER BY bucket::int`,
      );
      const rows = sums.map((row) => Number(row.rows));
      const total = name === 'number' ? 10 : TEXTS.length;
      expect(rows.reduce((a, b) => a + b)).toBe(total);
      expect(rows.slice(0, Math.floor(total / step))).toEqual(Array(Math.floor(total / step)).fill(step));
    }
  });

  test('give the same rows to a bucket as to the range that is read for it', async () => {
    for (const [name, bounds] of [
      ['number', [MIN, '0', '10', MAX]],
      ['word', ['', '5', 'Ä']],
    ] as const) {
      const entity = p.entity(name);
      const sums = await p.source.rows<{ bucket: string; rows: string; hashes: string }>(
        sourceSums(entity, { from: null, to: null }, bounds),
      );
      for (let bucket = 0; bucket <= bounds.length; bucket++) {
        const range = { from: bounds[bucket - 1] ?? null, to: bounds[bucket] ?? null };
        const [read] = await p.source.rows<{ rows: string; hashes: string }>(sourceSums(entity, range, []));
        const sum = sums.find((row) => row.bucket === String(bucket));
        expect([bucket, read?.rows, read?.hashes]).toEqual([bucket, sum?.rows, sum?.hashes]);
      }
    }
  });

  test('are cut only where rows that belong to the entity stand', async () => {
    const bounds = await p.source.rows<{ key: string }>(everyNthKey(p.entity('number'), { from: '-1', to: '9' }, 2));
    expect(bounds.map((row) => row.key)).toEqual(['1', '9']);
  });
});

test('the first key of a range is the one after its open end', async () => {
  expect(await p.source.one(firstKey(p.entity('number'), { from: '2', to: null }))).toEqual({ key: '9' });
  expect(await p.source.one(firstKey(p.entity('word'), { from: null, to: null }))).toEqual({ key: '' });
});

test('rows without a key, and keys of several rows, are counted beside those that can be carried', async () => {
  const loose = p.entity('loose');
  expect(await p.source.one(countRows(loose))).toEqual({ rows: '6' });
  expect(await p.source.one(nullKeys(loose))).toEqual({ rows: '2' });
  const twice = await p.source.rows(`SELECT * FROM (${duplicateKeys(loose)}) d ORDER BY key`);
  expect(twice).toEqual([
    { key: '2', rows: '2' },
    { key: '3', rows: '3' },
  ]);
});

test('a range of keys is evaluated alike in the source and in the staging table', async () => {
  const conditions = inRange('text', 'x.w', { from: '5', to: 'Ä' }).join(' AND ');
  const rows = await p.source.rows<{ w: string }>(`SELECT w FROM public.word x WHERE ${conditions}`);
  const expected = TEXTS.filter((text) => byBytes(text, '5') > 0 && byBytes(text, 'Ä') <= 0);
  expect(rows.map((row) => row.w).toSorted(byBytes)).toEqual(expected.toSorted(byBytes));
});
