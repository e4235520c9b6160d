// A row that cannot be written is listed with the column that keeps it out, also where the server's error names none.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { portage, type Portage, type Row } from '../support/portage.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';

const GOOD = { short: 'ok', n: '1', must: 'm', pos: '1', uni: null, u1: null, u2: null, d: null, x: '1', ref: '1', ts: null, part: '1', whole: '1', span: null } as const; // prettier-ignore
type Column = keyof typeof GOOD;
const row = (changes: Partial<Record<Column, string | null>>): Partial<Record<Column, string | null>> => changes;
/** What keeps each row out, and what is said of it; row 1 is in the way of some. */
const ROWS = [
  [row({ uni: 'a', u1: '1', u2: '1', span: '[1,3)' }), null],
  [row({ short: 'too long' }), 'short'],
  [row({ n: 'x' }), 'n'],
  [row({ n: '99999999999' }), 'n'],
  [row({ must: null }), 'must'],
  [row({ pos: '-1' }), 'pos'],
  [row({ uni: 'a' }), 'uni'],
  [row({ u1: '1', u2: '1' }), 'u1, u2'],
  [row({ d: '2020-13-01' }), 'd'],
  [row({ x: '0' }), 'x'],
  [row({ ref: '99' }), 'ref'],
  [row({ ts: 'nonsense' }), 'ts'],
  [row({ whole: '-5' }), 'whole'],
  [row({ whole: null }), 'whole'],
  [row({ part: '7' }), 'part'],
  [row({ span: '[2,5)' }), 'span'],
  // A trigger says no: nobody knows of which column.
  [row({ must: 'no' }), null],
] as const;
const columns = Object.keys(GOOD) as Column[];
const quoted = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
const values = ROWS.map(([changes], i) => {
  const all: Record<Column, string | null> = { ...GOOD, ...changes };
  return `(${[String(i + 1), ...columns.map((name) => quoted(all[name]))].join(', ')})`;
});

const map: EntityMap = {
  name: 'aside',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id', 'part'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        id: { sql: 'md5(s.no::text)::uuid' },
        ...Object.fromEntries(columns.map((name) => [name, name])),
        x: { sql: '10 / s.x::integer' },
      },
    },
  },
};

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `CREATE TABLE item (no integer PRIMARY KEY, ${columns.map((name) => `${name} text`).join(', ')}); INSERT INTO item VALUES ${values.join(', ')}`,
    `CREATE TABLE refs (id integer PRIMARY KEY); INSERT INTO refs VALUES (1);
     CREATE DOMAIN positive AS integer NOT NULL CHECK (value > 0);
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.must = 'no' THEN RAISE 'not this one'; END IF; RETURN new; END $$;
     CREATE TABLE items (id uuid, legacy_id integer, short varchar(3), n integer, must text NOT NULL, pos integer CHECK (pos > 0), uni text, u1 integer, u2 integer, d date, x integer,
       ref integer REFERENCES refs, ts timestamptz, part integer, whole positive, span int4range, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
     CREATE TABLE items_1 PARTITION OF items (UNIQUE (uni), UNIQUE (u1, u2), EXCLUDE USING gist (span WITH &&)) FOR VALUES IN (1);
     CREATE TABLE items_7 PARTITION OF items (CONSTRAINT never CHECK (part < 7)) FOR VALUES IN (7);
     CREATE TRIGGER refuse BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse()`,
    map,
  );
});
afterAll(() => p.end());

const expected = ROWS.flatMap(([, column], i): Row[] =>
  i === 0 ? [] : [{ legacy_key: String(i + 1), column_name: column }],
);

test('each is listed with its column', async () => {
  const { output } = await p.migrate();
  expect(output).toMatchObject({ entities: { items: { inserted: 1, setAside: ROWS.length - 1 } } });
  const found = await p.rows('SELECT legacy_key, column_name FROM set_aside_rows ORDER BY legacy_key::integer');
  expect(found).toEqual(expected);
});
