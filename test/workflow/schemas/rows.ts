/** Rows that cannot be carried: each is set aside alone, and all others arrive. */
import type { Differences, Schema } from './schema.ts';

const missing = (entity: string, ...keys: readonly number[]): Differences =>
  Object.fromEntries(keys.map((key) => [`${entity} ${key}`, 'missing']));
const value = (entity: string, ...keys: readonly number[]): Differences =>
  Object.fromEntries(keys.map((key) => [`${entity} ${key}`, 'value']));

export const rows: Schema = {
  name: 'rows that cannot be written, keys that stand for several rows or for none',
  legacy: `
    CREATE TABLE bad (id int PRIMARY KEY, n text, short text, state text, at text, v text, boss int, div int);
    INSERT INTO bad SELECT i, i::text, 'ok', 'on', '2020-01-01', CASE WHEN i % 2 = 0 THEN '' END, nullif(i - 1, 0), 1 FROM generate_series(1, 40) i;
    UPDATE bad SET n = 'x' WHERE id = 3; UPDATE bad SET short = 'too long' WHERE id IN (4, 5); UPDATE bad SET state = 'nix' WHERE id = 11; UPDATE bad SET n = '-1' WHERE id = 17; UPDATE bad SET n = '1' WHERE id = 20;
    UPDATE bad SET at = '31.02.2020' WHERE id = 25; UPDATE bad SET short = NULL WHERE id = 30; UPDATE bad SET n = '99999999999' WHERE id = 31; UPDATE bad SET div = 0 WHERE id = 33; UPDATE bad SET at = 'refused' WHERE id = 40;
    CREATE TABLE child (id int PRIMARY KEY, bad int NOT NULL, v text); INSERT INTO child SELECT i, i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE ' ' END FROM generate_series(1, 42) i;
    CREATE TABLE loose (code text, day date, v text);
    INSERT INTO loose VALUES ('a', '2020-01-01', 'one'), ('a', '2020-01-01', 'two'), ('a', '2020-01-02', 'three'), (NULL, '2020-01-01', 'null'), ('b', NULL, 'null'), ('', '2020-01-01', 'empty'), ('c', '2020-01-01', 'c1'), ('c', '2020-01-01', 'c2'), ('c', '2020-01-01', 'c3');
    INSERT INTO loose SELECT 'm' || i, '2021-01-01', 'm' FROM generate_series(1, 20) i;
    CREATE VIEW numbered AS SELECT NULLIF(x, 5) AS x, 'v' || x AS v FROM (SELECT i % 12 AS x FROM generate_series(1, 15) i) t;
    CREATE TABLE ref (id int PRIMARY KEY, code text, day date, x int); INSERT INTO ref VALUES (1, 'a', '2020-01-02', 4), (2, 'a', '2020-01-01', 6), (3, NULL, '2020-01-01', 1), (4, '', '2020-01-01', NULL), (5, 'm1', '2021-01-01', 0);`,
  target: `
    CREATE TYPE state AS ENUM ('on', 'off');
    CREATE TABLE bad (id uuid PRIMARY KEY, legacy_id int UNIQUE, n int UNIQUE CHECK (n > 0), short varchar(5) NOT NULL, state state, at date, v text, boss uuid REFERENCES bad, ratio numeric);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.legacy_id = 35 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$; CREATE TRIGGER refuse BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION refuse();
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.legacy_id = 36 THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER swallow BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION swallow();
    CREATE TABLE child (id uuid PRIMARY KEY, legacy_id int UNIQUE, bad uuid NOT NULL REFERENCES bad, v text);
    CREATE TABLE loose (id uuid PRIMARY KEY, code text, day date, v text, UNIQUE (code, day)); CREATE TABLE numbered (x int PRIMARY KEY, v text);
    CREATE TABLE ref (id int PRIMARY KEY, loose uuid REFERENCES loose, x int REFERENCES numbered);`,
  map: {
    name: 'rows',
    entities: {
      bad: {
        source: { table: 'public.bad', key: ['id'] },
        target: { table: 'public.bad', key: ['id'], identity: ['legacy_id'] },
        columns: {
          legacy_id: 'id',
          n: 'n',
          short: 'short',
          state: 'state',
          at: 'at',
          v: 'v',
          boss: { ref: 'bad', from: ['boss'] },
          ratio: { sql: '1 / s.div' },
        },
      },
      children: {
        source: { table: 'public.child', key: ['id'] },
        target: { table: 'public.child', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', bad: { ref: 'bad', from: ['bad'] }, v: 'v' },
      },
      loose: {
        source: { table: 'public.loose', key: ['code', 'day'] },
        target: { table: 'public.loose', key: ['id'], identity: ['code', 'day'] },
        columns: { code: 'code', day: 'day', v: 'v' },
      },
      numbered: {
        source: { table: 'public.numbered', key: ['x'] },
        target: { table: 'public.numbered', key: ['x'] },
        columns: { x: 'x', v: 'v' },
      },
      refs: {
        source: { table: 'public.ref', key: ['id'] },
        target: { table: 'public.ref', key: ['id'] },
        columns: {
          id: 'id',
          loose: { ref: 'loose', from: ['code', 'day'], onMissing: 'null' },
          x: { ref: 'numbered', from: ['x'] },
        },
      },
    },
  },
  truth: {
    bad: {
      legacy: `SELECT id, jsonb_build_array(n, short, state, at, v, CASE WHEN boss NOT IN (3, 4, 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40) THEN boss END)::text FROM bad WHERE id NOT IN (3, 4, 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40)`,
      target: `SELECT b.legacy_id, jsonb_build_array(b.n::text, b.short, b.state, b.at, b.v, o.legacy_id)::text FROM bad b LEFT JOIN bad o ON o.id = b.boss`,
    },
    children: {
      legacy: `SELECT id, jsonb_build_array(bad, v)::text FROM child WHERE id NOT IN (3, 4, 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40, 41, 42)`,
      target: `SELECT c.legacy_id, jsonb_build_array(b.legacy_id, c.v)::text FROM child c LEFT JOIN bad b ON b.id = c.bad`,
    },
    loose: {
      legacy: `SELECT jsonb_build_array(code, day)::text, v FROM loose l WHERE code IS NOT NULL AND day IS NOT NULL AND 1 = (SELECT count(*) FROM loose o WHERE o.code = l.code AND o.day = l.day)`,
      target: `SELECT jsonb_build_array(code, day)::text, v FROM loose`,
    },
    numbered: { legacy: `SELECT x, v FROM numbered WHERE x NOT IN (1, 2, 3)`, target: `SELECT x, v FROM numbered` },
    refs: {
      legacy: `SELECT id, jsonb_build_array((SELECT l.v FROM loose l WHERE l.code = r.code AND l.day = r.day AND 1 = (SELECT count(*) FROM loose o WHERE o.code = l.code AND o.day = l.day)), CASE WHEN x <> 1 THEN x END)::text FROM ref r WHERE id <> 3`,
      target: `SELECT r.id, jsonb_build_array(l.v, r.x)::text FROM ref r LEFT JOIN loose l ON l.id = r.loose`,
    },
  },
  // Of bad: 13 rows that cannot be written, and those that refer to one of them; a reference to a group goes nowhere.
  setAside: { bad: 21, children: 15, loose: 7, numbered: 7, refs: 1 },
  edits: {
    legacy: `UPDATE bad SET n = '333' WHERE id = 3; UPDATE bad SET short = 'fine' WHERE id = 4; UPDATE bad SET n = 'worse' WHERE id = 8; DELETE FROM loose WHERE v = 'two'; INSERT INTO loose VALUES ('', '2020-01-01', 'again');`,
    target: ``,
    // The row of the key that stands for two rows now is neither written nor taken for deleted.
    counts: {
      bad: { inserted: 2, setAside: 20 },
      children: { inserted: 2, setAside: 13 },
      loose: { inserted: 1, setAside: 7 },
      numbered: { setAside: 7 },
      refs: { setAside: 1 },
    },
    // The truth does not know that two of the rows can be written now.
    left: {
      'bad 3': 'extra',
      'bad 4': 'extra',
      'bad 8': 'value',
      'children 3': 'extra',
      'children 4': 'extra',
      'loose ["", "2020-01-01"]': 'extra',
      'refs 4': 'value',
    },
  },
  // Rows that are set aside are missing, and those that refer to one of them differ in that.
  verdict: {
    first: {
      ...missing('bad', 3, 4, 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40),
      ...value('bad', 6, 12, 18, 21, 26, 32, 34, 37),
      ...missing('children', 3, 4, 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40, 41, 42),
      ...value('refs', 2),
      ...missing('refs', 3),
    },
    left: {
      ...missing('bad', 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40),
      ...value('bad', 6, 8, 12, 18, 21, 26, 32, 34, 37),
      ...missing('children', 5, 11, 17, 20, 25, 30, 31, 33, 35, 36, 40, 41, 42),
      ...missing('refs', 3),
    },
  },
  foreseen: false,
};
