/** References of every shape, and the keys of the target that they lead to. */
import type { Schema } from './schema.ts';

export const references: Schema = {
  name: 'references: two to one parent, self, computed, to natural keys, in join tables',
  legacy: `
    CREATE TABLE country (iso char(2) PRIMARY KEY, nm text);
    CREATE TABLE city (id int PRIMARY KEY, iso char(2) REFERENCES country, nm text, zip text UNIQUE);
    CREATE TABLE person (id int PRIMARY KEY, nm text, mother int, father int, birth_zip text, note jsonb);
    CREATE TABLE knows (a int, b int, since date, PRIMARY KEY (a, b));
    CREATE TABLE stay (person int, iso char(2), nr smallint, cty int, PRIMARY KEY (person, iso, nr));
    CREATE TABLE bill (no int PRIMARY KEY, person int, iso text, nr int, prev_no text);
    INSERT INTO country VALUES ('DE', 'Germany'), ('FR', 'France'), ('X', 'one letter');
    INSERT INTO city SELECT i, CASE WHEN i % 4 = 0 THEN NULL WHEN i % 2 = 0 THEN 'DE' ELSE 'X' END, 'city' || i, lpad(i::text, 5, '0') FROM generate_series(1, 12) i;
    INSERT INTO person SELECT i, 'p' || i, CASE WHEN i % 3 = 0 THEN 31 - i END, nullif(i / 2, 0), CASE WHEN i % 5 <> 0 THEN (i % 12 + 1)::text END, jsonb_build_object('friend', i % 7 + 1) FROM generate_series(1, 30) i;
    INSERT INTO knows SELECT a, b, date '2000-01-01' + a * b FROM generate_series(1, 6) a, generate_series(3, 9) b WHERE a <> b;
    INSERT INTO stay SELECT p, iso, nr, p % 12 + 1 FROM generate_series(1, 6) p, country, generate_series(1, 2) nr;
    INSERT INTO bill SELECT row_number() OVER (), person, rtrim(iso) || CASE WHEN nr = 1 THEN '' ELSE ' ' END, nr, CASE WHEN row_number() OVER () > 3 THEN '0' || row_number() OVER () - 3 || ' ' END FROM stay;`,
  target: `
    CREATE TABLE countries (code text PRIMARY KEY, name text);
    CREATE TABLE cities (id int PRIMARY KEY, country text REFERENCES countries ON UPDATE CASCADE, name text, zip varchar(5) UNIQUE);
    CREATE TABLE persons (id uuid PRIMARY KEY, legacy_id int UNIQUE, name text, mother uuid REFERENCES persons, father uuid REFERENCES persons, birth_city int REFERENCES cities, friend uuid REFERENCES persons);
    CREATE TABLE knows (a uuid REFERENCES persons, b uuid REFERENCES persons, since date, PRIMARY KEY (a, b));
    CREATE TABLE stays (person uuid REFERENCES persons, country text REFERENCES countries, nr smallint, city int REFERENCES cities, PRIMARY KEY (person, country, nr));
    CREATE TABLE bills (id uuid PRIMARY KEY, legacy_no int UNIQUE, person uuid NOT NULL REFERENCES persons, prev uuid REFERENCES bills);`,
  map: {
    name: 'references',
    entities: {
      bills: {
        source: { table: 'public.bill', key: ['no'] },
        target: { table: 'public.bills', key: ['id'], identity: ['legacy_no'] },
        columns: {
          legacy_no: 'no',
          person: { ref: 'persons', from: ['person'] },
          prev: { ref: 'bills', from: ['prev_no'] },
        },
      },
      stays: {
        source: { table: 'public.stay', key: ['person', 'iso', 'nr'] },
        target: { table: 'public.stays', key: ['person', 'country', 'nr'] },
        columns: {
          person: { ref: 'persons', from: ['person'] },
          country: { ref: 'countries', from: ['iso'] },
          nr: 'nr',
          city: { ref: 'cities', from: ['cty'] },
        },
      },
      knows: {
        source: { table: 'public.knows', key: ['a', 'b'] },
        target: { table: 'public.knows', key: ['a', 'b'] },
        columns: { a: { ref: 'persons', from: ['a'] }, b: { ref: 'persons', from: ['b'] }, since: 'since' },
      },
      persons: {
        source: { table: 'public.person', key: ['id'] },
        target: { table: 'public.persons', key: ['id'], identity: ['legacy_id'] },
        columns: {
          legacy_id: 'id',
          name: 'nm',
          mother: { ref: 'persons', from: ['mother'] },
          father: { ref: 'persons', sql: `coalesce(s.father, null)` },
          birth_city: { ref: 'cities', sql: `(SELECT c.id FROM city c WHERE c.zip = lpad(s.birth_zip, 5, '0'))` },
          friend: { ref: 'persons', sql: `s.note ->> 'friend'` },
        },
      },
      cities: {
        source: { table: 'public.city', key: ['id'] },
        target: { table: 'public.cities', key: ['id'] },
        columns: { id: 'id', country: { ref: 'countries', from: ['iso'] }, name: 'nm', zip: 'zip' },
      },
      countries: {
        source: { table: 'public.country', key: ['iso'] },
        target: { table: 'public.countries', key: ['code'] },
        columns: { code: 'iso', name: 'nm' },
      },
    },
  },
  truth: {
    countries: { legacy: `SELECT rtrim(iso), nm FROM country`, target: `SELECT code, name FROM countries` },
    cities: {
      legacy: `SELECT id, jsonb_build_array(rtrim(iso), nm, zip)::text FROM city`,
      target: `SELECT id, jsonb_build_array(country, name, zip)::text FROM cities`,
    },
    persons: {
      legacy: `SELECT id, jsonb_build_array(nm, mother, father, (SELECT c.id FROM city c WHERE c.zip::int = birth_zip::int), note -> 'friend')::text FROM person`,
      target: `SELECT p.legacy_id, jsonb_build_array(p.name, m.legacy_id, f.legacy_id, p.birth_city, r.legacy_id)::text FROM persons p LEFT JOIN persons m ON m.id = p.mother LEFT JOIN persons f ON f.id = p.father LEFT JOIN persons r ON r.id = p.friend WHERE p.legacy_id IS NOT NULL`,
    },
    knows: {
      legacy: `SELECT a || '-' || b, since::text FROM knows`,
      target: `SELECT a.legacy_id || '-' || b.legacy_id, since::text FROM knows k JOIN persons a ON a.id = k.a JOIN persons b ON b.id = k.b`,
    },
    stays: {
      legacy: `SELECT jsonb_build_array(person, rtrim(iso), nr)::text, cty::text FROM stay`,
      target: `SELECT jsonb_build_array(p.legacy_id, country, nr)::text, city::text FROM stays s JOIN persons p ON p.id = s.person`,
    },
    bills: {
      legacy: `SELECT no, jsonb_build_array(person, prev_no::int)::text FROM bill`,
      target: `SELECT b.legacy_no, jsonb_build_array(p.legacy_id, x.legacy_no)::text FROM bills b JOIN persons p ON p.id = b.person LEFT JOIN bills x ON x.id = b.prev`,
    },
  },
  edits: {
    legacy: `
      UPDATE country SET nm = 'Allemagne' WHERE iso = 'DE'; INSERT INTO country VALUES ('GB', 'new');
      UPDATE city SET iso = 'GB' WHERE id = 1; UPDATE city SET nm = 'mine' WHERE id = 2;
      UPDATE person SET mother = 40 WHERE id = 1; INSERT INTO person VALUES (40, 'new', 1, 41, '3', '{}'), (41, 'newer', NULL, 40, NULL, '{"friend": 40}');
      UPDATE person SET father = 4711 WHERE id = 2;
      INSERT INTO knows VALUES (40, 41, '2020-01-01'), (40, 4711, '2020-01-01'); DELETE FROM knows WHERE a = 1 AND b = 3; UPDATE knows SET since = '2021-01-01' WHERE a = 1 AND b = 4;
      UPDATE stay SET cty = 5 WHERE person = 1 AND iso = 'X' AND nr = 1; UPDATE bill SET prev_no = '36' WHERE no = 1;`,
    target: `
      UPDATE cities SET name = 'theirs' WHERE id = 2; UPDATE cities SET name = 'kept' WHERE id = 3; DELETE FROM knows WHERE since = date '2000-01-01' + 2 * 9;
      UPDATE stays SET city = 7 WHERE (person, country, nr) IN (SELECT id, 'DE', 2 FROM persons WHERE legacy_id = 2);
      INSERT INTO persons VALUES (gen_random_uuid(), NULL, 'native'); UPDATE bills SET prev = NULL WHERE legacy_no = 10;
      INSERT INTO bills SELECT gen_random_uuid(), NULL, id FROM persons WHERE legacy_id IS NULL; DELETE FROM bills WHERE legacy_no IS NULL;`,
    counts: {
      countries: { inserted: 1, updated: 1 },
      cities: { updated: 1, conflicts: 1, kept: 1 },
      persons: { inserted: 2, updated: 1, setAside: 1 },
      knows: { inserted: 1, updated: 1, kept: 4, setAside: 1 },
      stays: { updated: 1, kept: 1 },
      bills: { updated: 1, kept: 1 },
    },
    left: {
      'cities 2': 'value',
      'cities 3': 'value',
      'persons 2': 'value',
      'knows 40-4711': 'missing',
      'knows 1-3': 'extra',
      'knows 2-9': 'missing',
      'knows 3-6': 'missing',
      'knows 6-3': 'missing',
      'stays [2, "DE", 2]': 'value',
      'bills 10': 'value',
    },
  },
  verdict: {
    left: {
      'cities 2': 'value',
      'cities 3': 'value',
      'persons 2': 'value',
      'knows [40, 4711]': 'missing',
      'knows [1, 3]': 'extra',
      'knows [2, 9]': 'missing',
      'knows [3, 6]': 'missing',
      'knows [6, 3]': 'missing',
      'stays [2, "DE", 2]': 'value',
      'bills 10': 'value',
    },
  },
};
