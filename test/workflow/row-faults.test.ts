// A row that an expression, a type, an index or a trigger refuses is set aside alone, whatever the code of the refusal (SEMANTICS 2).
import { afterEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const SOURCE = `CREATE TABLE item (no integer PRIMARY KEY, v text); INSERT INTO item SELECT n, 'v' || n FROM generate_series(1, 40) n`;
const TARGET = 'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, v text)';
const map = (sql = 's.v'): EntityMap => ({
  name: 'faults',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', v: { sql } },
    },
  },
});

let p: Portage | null = null;
afterEach(async () => {
  await p?.end();
  p = null;
});

/** Row 17 alone is refused. */
const refuses = async (sourceSql: string, targetSql: string, reason: RegExp, sql?: string): Promise<void> => {
  p = await portage(`${SOURCE}; ${sourceSql}`, targetSql, map(sql));
  const { failure, output } = await p.migrate();
  expect(failure).toBeNull();
  expect(output!.entities['items']).toMatchObject({ inserted: 39, setAside: 1 });
  expect(await p.rows('SELECT legacy_key, code, reason FROM set_aside_rows')).toEqual([
    { legacy_key: '17', code: 'M012', reason: expect.stringMatching(reason) },
  ]);
};

test.each([
  ['of its own', 'UE001'],
  ['that PostgreSQL has for something else', '55000'],
])('a trigger may refuse a row with a code %s', (_, code) =>
  refuses(
    '',
    `${TARGET}; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.legacy_id = 17 THEN RAISE EXCEPTION 'not this one' USING ERRCODE = '${code}'; END IF; RETURN NEW; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse()`,
    /not this one/,
  ),
);

test('an expression may find several rows where one is meant', () =>
  refuses(
    "CREATE TABLE nick (no integer, n text); INSERT INTO nick VALUES (1, 'x'), (17, 'a'), (17, 'b')",
    TARGET,
    /gives several rows, SQLSTATE 21000/,
    '(SELECT k.n FROM nick k WHERE k.no = s.no)',
  ));

test('a function of the source may have no branch for a row', () =>
  refuses(
    "CREATE FUNCTION kind(n integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN CASE WHEN n <> 17 THEN RETURN 'known'; END CASE; END $$",
    TARGET,
    /SQLSTATE 20000/,
    'kind(s.no)',
  ));

test('a value may be too large for an index of the target', () =>
  refuses(
    "UPDATE item SET v = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n) WHERE no = 17",
    `${TARGET}; CREATE INDEX ON items (v)`,
    /too large for an index or a page, SQLSTATE 54000/,
  ));

test('a text may be no value of a type that calls it a syntax error', () =>
  refuses(
    "UPDATE item SET v = '''open' WHERE no = 17",
    'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, v tsvector)',
    /cannot be read as the type of its column, SQLSTATE 42601/,
  ));
