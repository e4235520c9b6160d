// What a catalog says must not depend on who asks: the hash of a schema, and casts to its types, are made from it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readRelations } from '../../shared/database/catalog/read-relations.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let p: TestSides;
beforeAll(async () => {
  p = await twoSides(
    `CREATE SCHEMA "My Types"; CREATE TYPE "My Types"."Mood" AS ENUM ('a'); CREATE DOMAIN positive AS integer CHECK (value > 0);
     CREATE TABLE thing (id positive, mood "My Types"."Mood", moods "My Types"."Mood"[], short varchar(3)[], price numeric(8,2), flag "char")`,
    '',
  );
});
afterAll(() => p.end());

test('types have the same names in every session, with the schema of those that are not built in', async () => {
  const selection = [{ schema: 'public', name: 'thing' }];
  const readIn = async (path: string) => {
    await p.source.run(`SET search_path = ${path}`);
    return readRelations(p.source, selection);
  };
  const bare = await readIn('pg_catalog');
  expect(await readIn('pg_catalog, public, "My Types"')).toEqual(bare);
  expect(bare[0]!.columns.map(({ type }) => type)).toEqual([
    'public.positive',
    '"My Types"."Mood"',
    '"My Types"."Mood"[]',
    'character varying(3)[]',
    'numeric(8,2)',
    '"char"',
  ]);
});
