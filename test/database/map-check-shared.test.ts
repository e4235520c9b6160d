// Entities of one table whose constants are one value to it (SEMANTICS 10).
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkMap } from '../../shared/database/map-check/check-map.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let sides: TestSides;
beforeAll(async () => {
  sides = await twoSides(
    'CREATE TABLE a (no integer PRIMARY KEY); CREATE TABLE b (no integer PRIMARY KEY)',
    'CREATE EXTENSION citext; CREATE TABLE things (id uuid PRIMARY KEY, kind integer, name citext, code char(3), legacy_id integer, UNIQUE (kind, name, code, legacy_id))',
  );
});
afterAll(() => sides.end());

const mapOf = (column: string, one: string | number, other: string | number): EntityMap => {
  const entity = (table: string, value: string | number): EntityMap['entities'][string] => ({
    source: { table, key: ['no'] },
    target: { table: 'public.things', key: ['id'], identity: [column, 'legacy_id'] },
    columns: { [column]: { value }, legacy_id: 'no' },
  });
  return { name: 'shared', entities: { a: entity('public.a', one), b: entity('public.b', other) } };
};

test.each([
  ['kind', 1, '01', true],
  ['kind', 1, 2, false],
  ['name', 'A', 'a', true],
  ['code', 'a', 'a ', true],
  ['code', 'a', 'A', false],
])('%s: %j and %j', async (column, one, other, refused) => {
  const faults = (await checkMap(sides, mapOf(column, one, other))).filter(({ severity }) => severity === 'fault');
  expect(faults).toEqual(
    refused
      ? [
          expect.objectContaining({
            path: 'entities.b.target.identity',
            message: 'a and b write the same table, and their constants are one value to it',
          }),
        ]
      : [],
  );
});
