// The hash of a row on a real server: one number on every version, another for every other row.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashForms, hashOfRow, keyHashed, rowHash, type HashedForm } from '../../shared/domain/row-hash.ts';
import type { TypeInfo } from '../../shared/domain/catalog.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let sides: TestSides;
beforeAll(async () => {
  sides = await twoSides('', '');
});
afterAll(() => sides.end());

const type = (name: string): TypeInfo => ({
  ...{ schema: 'pg_catalog', name, kind: 'base', builtin: true },
  ...{ element: null, base: null, labels: [] },
});
const ofValue = (name: string, value: string, fixedScale = false): readonly HashedForm[] =>
  hashForms(type(name), `${value}::${name}`, 'record', fixedScale);
const hashed = async (sql: string): Promise<string> => (await sides.target.one<{ h: string }>(`SELECT ${sql} AS h`)).h;
/** How many different hashes there are. */
async function different(rows: readonly (readonly HashedForm[])[]): Promise<number> {
  const list = rows.map((forms) => `(${rowHash(forms, 170000)})`).join(', ');
  return Number(await hashed(`(SELECT count(DISTINCT h) FROM (VALUES ${list}) AS v (h))`));
}

const VALUES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['bool', 'true', 'false'],
  ['int2', "'-1'", "'0'", "'1'"],
  ['int4', "'-1'", "'0'", "'1'", "'2147483647'"],
  ['int8', "'-1'", "'0'", "'1'", "'4294967295'", "'4294967297'"],
  ['numeric', "'1'", "'1.0'", "'-1'", "'0'", "'NaN'", "'0.00'"],
  ['float8', "'0'", "'-0'", "'NaN'", "'infinity'", "'0.1'"],
  ['float4', "'0'", "'-0'", "'0.1'"],
  ['text', "''", "' '", "'a'", "'A'", "'\u00e9'", "'e\u0301'"],
  ['varchar', "''", "'a'", "'a '"],
  ['uuid', "'9c015109-e06d-416a-8b2a-a42aad868a5e'", "'9c015109-e06d-416a-8b2a-a42aad868a5f'"],
  ['date', "'2023-12-01'", "'2023-12-02'", "'infinity'", "'-infinity'", "'5874897-12-31'", "'0044-03-15 BC'"],
  ['timestamp', "'2023-12-01 09:15:00'", "'2023-12-01 09:15:00.000001'", "'infinity'", "'-infinity'"],
  ['timestamptz', "'2023-12-01 09:15:00+02'", "'2023-12-01 09:15:00+00'", "'infinity'", "'-infinity'"],
  ['bytea', "'\\x'", "'\\x00'", "'\\x0000'"],
  ['jsonb', '\'{"a": 1}\'', '\'{"a": 1.0}\'', '\'{"a": -1}\''],
  ['interval', "'1 mon'", "'30 days'"],
];

describe.each(VALUES)('of %s', (name, ...values) => {
  const forms = ['NULL', ...values].map((value) => ofValue(name, value));

  test('is the same number by the functions of 18 and by those of before', async () => {
    for (const each of forms) expect(await hashed(rowHash(each, 180000))).toBe(await hashed(rowHash(each, 170000)));
  });

  test('is another one for each value, and for NULL', async () => {
    expect(await different(forms)).toBe(values.length + 1);
  });
});

describe('of several values', () => {
  const of = (...forms: HashedForm[]): Promise<string> => hashed(rowHash(forms, 170000));
  const text = (sql: string): HashedForm => ({ sql, as: 'text' });

  test('tells which of them has a value, and which is NULL', async () => {
    expect(await of(text("'a'"), text("'b'"))).not.toBe(await of(text("'b'"), text("'a'")));
    expect(await of(text("'a'"), text('NULL'))).not.toBe(await of(text('NULL'), text("'a'")));
  });

  test('two that are alike do not cancel each other', async () => {
    expect(await of(text("'a'"), text("'a'"))).not.toBe(await of(text("'b'"), text("'b'")));
    expect(await of(text('NULL'), text('NULL'))).not.toBe(await of());
  });

  test('two integers that change alike do not cancel each other', async () => {
    const alike = Array.from({ length: 1000 }, (_, i): HashedForm[] => {
      const number: HashedForm = { sql: String(i), as: 'int4' };
      return [number, number];
    });
    expect(await different(alike)).toBe(alike.length);
  });

  test('numbers of one scale are told by their sign alone', async () => {
    const money = ["'5.00'", "'-5.00'", "'NaN'", 'NULL'].map((value) => ofValue('numeric', value, true));
    expect(await different(money)).toBe(4);
  });

  test('a key that needs 64 bits is told by all of them', async () => {
    const keys = ['-1', '4294967295', '0', '4294967297'].map((value) => keyHashed('integer', `(${value})::bigint`));
    expect(await different(keys)).toBe(4);
  });

  test('a server before 14 hashes their text', async () => {
    const forms = [text("'a'"), text('NULL')];
    expect(await hashed(hashOfRow(forms, 'text', 110000))).toMatch(/^-?\d+$/);
  });
});
