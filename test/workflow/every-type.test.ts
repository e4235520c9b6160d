// Two values of every type that are not the same, however alike they look: where one stands in place of the other, on either
// side, each look at the rows finds it. A row differs in one column and no more, so that no other gives it away.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { literalOrNull } from '../../shared/domain/identifiers.ts';
import { portage, type Portage } from '../support/portage.ts';

const VALUES: readonly (readonly [type: string, one: string, other: string])[] = [
  ['smallint', '-1', '2'],
  ['integer', '0', '-2147483648'],
  ['bigint', '-1', '4294967295'],
  ['numeric', '1.0', '1.00'],
  ['numeric', 'NaN', 'Infinity'],
  ['numeric(10,3)', '-1.5', '1.5'],
  ['real', '0', '-0'],
  ['double precision', '0', '-0'],
  ['money', '1.00', '1.01'],
  ['"char"', 'a', 'b'],
  ['name', 'n', 'N'],
  ['char(5)', 'ab', 'Ab'],
  ['varchar(5)', 'ab', 'ab '],
  ['text', '\u00e9', 'e\u0301'],
  ['bytea', '\\x00', '\\x'],
  ['boolean', 'true', 'false'],
  ['date', 'infinity', '5874897-12-31'],
  ['time', '01:02', '01:02:00.000001'],
  ['timetz', '01:02+02', '00:02+01'],
  ['timestamp', '-infinity', '4713-01-01 BC'],
  ['timestamptz', 'infinity', '2020-01-01'],
  ['timestamp(0)', '2020-01-01 00:00:01', '2020-01-01'],
  ['interval', '1 mon', '30 days'],
  ['uuid', '9c015109-e06d-416a-8b2a-a42aad868a5e', '9c015109-e06d-416a-8b2a-a42aad868a5f'],
  ['bit(4)', '1010', '1011'],
  ['varbit', '10', '100'],
  ['inet', '10.0.0.1/8', '10.0.0.1'],
  ['cidr', '10.0.0.0/8', '10.0.0.0/9'],
  ['macaddr', '08:00:2b:01:02:03', '08:00:2b:01:02:04'],
  ['macaddr8', '08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03:04:06'],
  ['json', '{"a":1}', '{"a": 1}'],
  ['jsonb', '{"a":1}', '{"a":1.0}'],
  ['jsonpath', '$.a', '$.b'],
  ['xml', '<a/>', '<a></a>'],
  ['tsvector', 'a b', 'a c'],
  ['tsquery', 'a & b', 'a | b'],
  ['point', '(0,1)', '(-0,1)'],
  ['box', '((1,2),(3,4))', '((1,2),(3,5))'],
  ['circle', '<(1,2),3>', '<(1,3),3>'],
  ['path', '((1,2),(3,4))', '[(1,2),(3,4)]'],
  ['polygon', '((1,2),(3,4))', '((1,2),(3,5))'],
  ['line', '{1,2,3}', '{1,2,4}'],
  ['lseg', '[(1,2),(3,4)]', '[(1,2),(3,5)]'],
  ['int4range', '[1,2)', '[1,3)'],
  ['numrange', '[1,2)', '[1.0,2)'],
  ['daterange', '[2020-01-01,)', '(,)'],
  ['tstzrange', '[2020-01-01,)', '[2020-01-02,)'],
  ['int4[]', '{1,2}', '[0:1]={1,2}'],
  ['text[]', '{a,NULL}', '{a,"NULL"}'],
  ['timestamptz[]', '{2020-01-01}', '{2020-01-02}'],
  ['numeric(6,2)[]', '{1.00}', '{1.01}'],
  ['mood', 'sad', 'glad'],
  ['mood[]', '{sad}', '{sad,sad}'],
  ['whole', '5', '-5'],
  ['short', 'x', 'X'],
  ['shorter', 'y', 'y '],
  ['day', '2020-01-01', '-infinity'],
  ['pair', '(1,a)', '(1,)'],
  ['pg_lsn', '0/1', '1/0'],
];
const TYPES = `CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN whole AS integer; CREATE DOMAIN short AS varchar(10);
  CREATE DOMAIN shorter AS short; CREATE DOMAIN day AS date; CREATE TYPE pair AS (a integer, b text);`;
const names = VALUES.map((_, i) => `c${i}`);
const columns = VALUES.map(([type], i) => `c${i} ${type}`).join(', ');
const all = (value: (i: number) => string): string => VALUES.map((_, i) => value(i)).join(', ');
const OTHERS = VALUES.map(([, , other], i) => `c${i} = ${literalOrNull(other)}`);

let p: Portage;
beforeAll(async () => {
  const rows = VALUES.map((_, i) => `(${i}, ${all((j) => literalOrNull(VALUES[j]?.[1] ?? null))})`).join(', ');
  const nulls = `(-1, ${all(() => 'NULL')})`;
  p = await portage(
    `${TYPES} CREATE TABLE thing (no integer PRIMARY KEY, ${columns}); INSERT INTO thing VALUES ${rows}, ${nulls}`,
    `${TYPES} CREATE TABLE things (id uuid PRIMARY KEY, no integer UNIQUE, ${columns})`,
    {
      name: 'types',
      entities: {
        things: {
          source: { table: 'public.thing', key: ['no'] },
          target: { table: 'public.things', key: ['id'], identity: ['no'] },
          columns: Object.fromEntries(['no', ...names].map((name) => [name, name])),
        },
      },
    },
  );
  expect((await p.migrate()).failure).toBeNull();
});
afterAll(() => p.end());

interface Verdict {
  readonly verdict: string;
  readonly differences: readonly { readonly legacyId: string; readonly columns: readonly string[] }[];
}

/** By legacy key, the columns that differ. */
async function differences(): Promise<{ verdict: string; found: readonly string[] }> {
  const { output } = await p.command({ command: 'data-validator validate', verbose: true });
  const { verdict, differences: list } = output as Verdict;
  return { verdict, found: list.map(({ legacyId, columns: differing }) => `${legacyId} ${differing.join()}`).sort() };
}
const eachItsOwn = names.map((name, i) => `${i} ${name}`).sort();

test('what was carried is the same', async () => {
  expect(await differences()).toEqual({ verdict: 'match', found: [] });
});

test('another value in the target is found by a validation, and by the next run', async () => {
  for (const [i, other] of OTHERS.entries()) await p.run('target', `UPDATE things SET ${other} WHERE no = ${i}`);
  expect(await differences()).toEqual({ verdict: 'mismatch', found: eachItsOwn });
  expect((await p.migrate()).output).toMatchObject({ entities: { things: { kept: VALUES.length, updated: 0 } } });
});

test('another value in the source is carried, and is the same then', async () => {
  await p.migrate({ mode: 'full' });
  expect(await differences()).toEqual({ verdict: 'match', found: [] });
  for (const [i, other] of OTHERS.entries()) await p.run('source', `UPDATE thing SET ${other} WHERE no = ${i}`);
  expect(await differences()).toEqual({ verdict: 'mismatch', found: eachItsOwn });
  expect((await p.migrate()).output).toMatchObject({ entities: { things: { updated: VALUES.length } } });
  expect(await differences()).toEqual({ verdict: 'match', found: [] });
});

test('NULL in place of a value is found', async () => {
  for (const [i, name] of names.entries()) await p.run('target', `UPDATE things SET ${name} = NULL WHERE no = ${i}`);
  expect(await differences()).toEqual({ verdict: 'mismatch', found: eachItsOwn });
});
