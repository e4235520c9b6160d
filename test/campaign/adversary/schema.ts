// What the adversary works on: a row of every type that can deceive a comparison, references of each sort, keys that are text or
// not unique, a join table, two entities in one table, and a filter.
import type { EntityMap } from '../../../shared/domain/entity-map.ts';

const TYPED = `i bigint, t text, v varchar(40), c char(6), n numeric, m numeric(10,2), f double precision, r real, b boolean, d date, ts timestamp, tz timestamptz, tm time,
  iv interval, u uuid, j jsonb, js json, a integer[], ta text[], by bytea, ip inet, pt point, dr daterange`;

const VALUES = `1000 + n, 'Text ' || n, 'Var ' || n, 'C' || n, n + 0.50, n + 0.25, n * 1.5, n / 4.0, n % 2 = 0, date '2024-01-01' + n, timestamp '2024-03-31 01:30:00' + n * interval '1 hour',
  timestamptz '2024-03-31 00:30:00+00' + n * interval '1 hour', time '08:00' + n * interval '1 minute', n * interval '1 hour', ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
  jsonb_build_object('n', n, 'ok', true), json_build_object('n', n, 'ok', true), ARRAY[n, n + 1], ARRAY['a' || n, NULL, 'b'], decode(lpad(to_hex(n), 8, '0'), 'hex'),
  ('10.0.0.' || n)::inet, point(n, 2), daterange(date '2024-01-01', date '2024-01-02' + n)`;

export const ROWS = 120;

export const ADVERSARY_SOURCE = `
  CREATE TABLE maker (no integer PRIMARY KEY, nm text NOT NULL);
  CREATE TABLE thing (no integer PRIMARY KEY, maker_no integer, ${TYPED}, ci text, mood text, fails text);
  CREATE TABLE word (w text PRIMARY KEY, meaning text);
  CREATE TABLE loose (no integer, label text);
  CREATE TABLE made (maker_no integer, thing_no integer, since date, PRIMARY KEY (maker_no, thing_no));
  CREATE TABLE staff (no integer PRIMARY KEY, nm text, active boolean NOT NULL DEFAULT true);
  CREATE TABLE guest (no integer PRIMARY KEY, nm text);
  INSERT INTO maker SELECT n, 'Maker ' || n FROM generate_series(1, 12) n;
  INSERT INTO thing SELECT n, CASE WHEN n % 10 <> 0 THEN 1 + n % 12 END, ${VALUES}, 'Case ' || n, 'calm', n::text FROM generate_series(1, ${ROWS}) n;
  INSERT INTO word SELECT w, 'means ' || w FROM unnest(ARRAY['', 'a', 'A', 'b', 'B', '_', 'z', 'Z', 'ä', 'é', 'e-acute', '10', '9', '007', '7', 'a/b', 'a b', ' a', 'a''b']) w;
  INSERT INTO loose SELECT n, 'Label ' || n FROM generate_series(1, 40) n;
  INSERT INTO made SELECT 1 + n % 12, n, date '2024-01-01' FROM generate_series(1, 60) n;
  INSERT INTO staff SELECT n, 'Staff ' || n, true FROM generate_series(1, 30) n;
  INSERT INTO guest SELECT n, 'Guest ' || n FROM generate_series(1, 30) n;`;

export const ADVERSARY_TARGET = `
  CREATE EXTENSION IF NOT EXISTS citext;
  CREATE TYPE mood AS ENUM ('calm', 'glad', 'sad');
  CREATE TABLE makers (id uuid PRIMARY KEY, legacy_id integer, name text);
  CREATE TABLE things (id uuid PRIMARY KEY, legacy_id integer, maker_id uuid, ${TYPED}, ci citext, mood mood, number integer, origin text);
  CREATE TABLE words (id uuid PRIMARY KEY, word text, meaning text);
  CREATE TABLE looses (id uuid PRIMARY KEY, legacy_id integer, label text);
  CREATE TABLE made (maker_id uuid, thing_id uuid, since date, PRIMARY KEY (maker_id, thing_id));
  CREATE TABLE people (id uuid PRIMARY KEY, kind text NOT NULL, legacy_id integer, name text);
  CREATE INDEX ON makers (legacy_id); CREATE INDEX ON things (legacy_id); CREATE INDEX ON words (word); CREATE INDEX ON people (legacy_id);`;

const typedColumns = Object.fromEntries(
  'i t v c n m f r b d ts tz tm iv u j js a ta by ip pt dr ci mood'.split(' ').map((name) => [name, name]),
);

export const adversaryMap = {
  name: 'adversary',
  entities: {
    makers: {
      source: { table: 'public.maker', key: ['no'] },
      target: { table: 'public.makers', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', name: 'nm' },
    },
    things: {
      source: { table: 'public.thing', key: ['no'] },
      target: { table: 'public.things', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        maker_id: { ref: 'makers', from: ['maker_no'] },
        ...typedColumns,
        number: { sql: 's.fails::integer' },
        origin: { value: 'old' },
      },
    },
    words: {
      source: { table: 'public.word', key: ['w'] },
      target: { table: 'public.words', key: ['id'], identity: ['word'] },
      columns: { word: 'w', meaning: 'meaning' },
    },
    looses: {
      source: { table: 'public.loose', key: ['no'] },
      target: { table: 'public.looses', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', label: 'label' },
    },
    made: {
      source: { table: 'public.made', key: ['maker_no', 'thing_no'] },
      target: { table: 'public.made', key: ['maker_id', 'thing_id'] },
      columns: {
        maker_id: { ref: 'makers', from: ['maker_no'] },
        thing_id: { ref: 'things', from: ['thing_no'] },
        since: 'since',
      },
    },
    staff: {
      source: { table: 'public.staff', key: ['no'], where: 's.active' },
      target: { table: 'public.people', key: ['id'], identity: ['kind', 'legacy_id'] },
      columns: { kind: { value: 'staff' }, legacy_id: 'no', name: 'nm' },
    },
    guests: {
      source: { table: 'public.guest', key: ['no'] },
      target: { table: 'public.people', key: ['id'], identity: ['kind', 'legacy_id'] },
      columns: { kind: { value: 'guest' }, legacy_id: 'no', name: 'nm' },
    },
  },
} satisfies EntityMap;

/** Tables that a fault may harm: kept once, and put back after each. */
export const SOURCE_TABLES = ['maker', 'thing', 'word', 'loose', 'made', 'staff', 'guest'] as const;
export const TARGET_TABLES = ['makers', 'things', 'words', 'looses', 'made', 'people'] as const;
