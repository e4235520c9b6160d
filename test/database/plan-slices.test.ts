// How a large source is cut into slices: by a sample of its pages, without a gap, into pieces of about equal size.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { planSlices } from '../../shared/database/engine/descent.ts';
import { inRange } from '../../shared/database/sql/range.ts';
import { canSample } from '../../shared/database/sql/source.ts';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const ROWS = 150_000;
const SLICE_ROWS = 40_000;
const entityOf = (table: string, key: string, where?: string) => ({
  source: { table: `public.${table}`, key: [key], where },
  target: { table: `public.${table}s`, key: ['id'] },
  columns: { k: key },
});

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    // Numbers with a gap of billions after the first thousand, words in an order that is not that of the pages.
    `CREATE TABLE number (n bigint PRIMARY KEY);
     INSERT INTO number SELECT CASE WHEN n > 1000 THEN n + 9000000000 ELSE n END FROM generate_series(1, ${ROWS}) n;
     CREATE TABLE word (w text PRIMARY KEY);
     INSERT INTO word SELECT md5(n::text) FROM generate_series(1, ${ROWS}) n;
     ANALYZE;
     CREATE VIEW look AS SELECT n FROM number;`,
    `CREATE TABLE numbers (id uuid PRIMARY KEY, k bigint);
     CREATE TABLE words (id uuid PRIMARY KEY, k text);
     CREATE TABLE halves (id uuid PRIMARY KEY, k bigint);
     CREATE TABLE looks (id uuid PRIMARY KEY, k bigint);`,
    {
      name: 'lines',
      entities: {
        number: entityOf('number', 'n'),
        word: entityOf('word', 'w'),
        half: { ...entityOf('number', 'n', 's.n % 2 = 0'), target: { table: 'public.halves', key: ['id'] } },
        look: entityOf('look', 'n'),
      },
    },
  );
});
afterAll(() => p.end());

test.each([
  ['number', true],
  ['word', true],
  ['half', false],
  ['look', false],
] as const)('%s is cut into slices of about equal size', async (name, sampled) => {
  const entity = p.entity(name);
  const total = name === 'half' ? ROWS / 2 : ROWS;
  expect(canSample(entity, total)).toBe(sampled);
  const slices = await planSlices(p.source, entity, SLICE_ROWS, total, slicesFrom);
  expect(slices).toHaveLength(Math.ceil(total / SLICE_ROWS));
  expect([slices[0]?.from, slices.at(-1)?.to]).toEqual([null, null]);
  slices.slice(1).forEach((slice, i) => expect(slice.from).toBe(slices[i]?.to));
  const counts = await Promise.all(
    slices.map(async (slice) => {
      const where = [...entity.source.where, ...inRange(entity.order, entity.source.key, slice), 'true'].join(' AND ');
      const row = await p.source.one<{ rows: string }>(
        `SELECT count(*) AS rows FROM ${entity.source.from} WHERE ${where}`,
      );
      return Number(row.rows);
    }),
  );
  expect(counts.reduce((sum, rows) => sum + rows, 0)).toBe(total);
  if (sampled)
    for (const rows of counts)
      expect(Math.abs(rows - total / slices.length)).toBeLessThan(0.25 * (total / slices.length));
});
