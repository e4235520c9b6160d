// Rows with a text for their key are found by its index, whatever collation it has: one after another through the table takes quadratic time.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const TYPES: Readonly<Record<string, string>> = {
  plain: 'text',
  swedish: 'text COLLATE "sv-x-icu"',
  bytes: 'text COLLATE "C"',
  short: 'varchar(20)',
  padded: 'char(8)',
  folded: 'public.citext',
  code: 'public.label',
  name: 'name',
};
const names = Object.keys(TYPES);

const TABLES = `CREATE EXTENSION citext; CREATE DOMAIN label AS text COLLATE "de-x-icu";
  ${names.map((name) => `CREATE TABLE ${name} (k ${TYPES[name]} PRIMARY KEY, n int);`).join('\n')}`;

let p: Ledgered;
beforeAll(async () => {
  const entity = (name: string): EntityMap['entities'][string] => ({
    source: { table: `public.${name}`, key: ['k'] },
    target: { table: `public.${name}`, key: ['k'] },
    columns: { k: 'k', n: 'n' },
  });
  p = await ledgered(TABLES, TABLES, {
    name: 'texts',
    entities: Object.fromEntries(names.map((name) => [name, entity(name)])),
  });
  await p.target.run('SET enable_seqscan = off');
});
afterAll(() => p.end());

test.each(names)('of a mapping, where the key is %s', async (name) => {
  const { target } = p.entity(name);
  const plan = await p.target.rows(
    `EXPLAIN SELECT t.n FROM ${p.entity(name).leaf} m CROSS JOIN LATERAL (SELECT t.* FROM ${target.table} t WHERE ${target.matchesMapping('m')} OFFSET 0) t`,
  );
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Cond: \(\(?k/);
});
