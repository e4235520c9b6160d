/** Several source tables into one target table, and one source table into several. */
import type { Schema } from './schema.ts';

/** Two tables with the same integer ids become one; children refer to either. */
export const merge: Schema = {
  name: 'merge of tables with overlapping integer ids',
  legacy: `
    CREATE TABLE staff (id int PRIMARY KEY, nm text, boss int REFERENCES staff);
    CREATE TABLE client (id int PRIMARY KEY, nm text, care int);
    CREATE TABLE guest (id smallint PRIMARY KEY, nm text);
    CREATE TABLE visit (id bigint PRIMARY KEY, client_id int, staff_id int, guest_id int);
    INSERT INTO staff SELECT i, 's' || i, nullif(i % 5, 0) FROM generate_series(1, 20) i;
    INSERT INTO client SELECT i, 'c' || i, i % 20 + 1 FROM generate_series(1, 25) i;
    INSERT INTO guest SELECT i, 'g' || i FROM generate_series(10, 30) i;
    INSERT INTO visit SELECT i, i % 25 + 1, i % 20 + 1, CASE WHEN i % 3 = 0 THEN 10 + i % 21 END FROM generate_series(1, 60) i;`,
  target: `
    CREATE TABLE people (id uuid PRIMARY KEY, origin text NOT NULL, legacy_id int, name text, related uuid REFERENCES people, UNIQUE (origin, legacy_id));
    CREATE TABLE visits (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), legacy_id bigint UNIQUE, client uuid NOT NULL REFERENCES people,
      staff uuid NOT NULL REFERENCES people, guest uuid REFERENCES people);
    INSERT INTO people VALUES (gen_random_uuid(), 'web', 5, 'native of another origin', NULL), (gen_random_uuid(), 'staff', NULL, 'native', NULL);`,
  map: {
    name: 'merge',
    entities: {
      clients: {
        source: { table: 'public.client', key: ['id'] },
        target: { table: 'public.people', key: ['id'], identity: ['origin', 'legacy_id'] },
        columns: {
          origin: { value: 'client' },
          legacy_id: 'id',
          name: 'nm',
          related: { ref: 'staff', from: ['care'] },
        },
      },
      staff: {
        source: { table: 'public.staff', key: ['id'] },
        target: { table: 'public.people', key: ['id'], identity: ['origin', 'legacy_id'] },
        columns: { origin: { value: 'staff' }, legacy_id: 'id', name: 'nm', related: { ref: 'staff', from: ['boss'] } },
      },
      guests: {
        source: { table: 'public.guest', key: ['id'] },
        target: { table: 'public.people', key: ['id'], identity: ['origin', 'legacy_id'] },
        columns: { origin: { value: 'guest' }, legacy_id: 'id', name: 'nm' },
        deletes: 'propagate',
      },
      visits: {
        source: { table: 'public.visit', key: ['id'] },
        target: { table: 'public.visits', key: ['id'], identity: ['legacy_id'] },
        columns: {
          legacy_id: 'id',
          client: { ref: 'clients', from: ['client_id'] },
          staff: { ref: 'staff', from: ['staff_id'] },
          guest: { ref: 'guests', from: ['guest_id'] },
        },
      },
    },
  },
  truth: {
    clients: {
      legacy: `SELECT id::text, jsonb_build_array(nm, 'staff' || care)::text FROM client`,
      target: `SELECT p.legacy_id::text, jsonb_build_array(p.name, r.origin || r.legacy_id)::text FROM people p LEFT JOIN people r ON r.id = p.related WHERE p.origin = 'client' AND p.legacy_id IS NOT NULL`,
    },
    staff: {
      legacy: `SELECT id::text, jsonb_build_array(nm, 'staff' || boss)::text FROM staff`,
      target: `SELECT p.legacy_id::text, jsonb_build_array(p.name, r.origin || r.legacy_id)::text FROM people p LEFT JOIN people r ON r.id = p.related WHERE p.origin = 'staff' AND p.legacy_id IS NOT NULL`,
    },
    guests: {
      legacy: `SELECT id::text, nm FROM guest`,
      target: `SELECT legacy_id::text, name FROM people WHERE origin = 'guest'`,
    },
    visits: {
      legacy: `SELECT id::text, jsonb_build_array('client' || client_id, 'staff' || staff_id, 'guest' || guest_id)::text FROM visit`,
      target: `SELECT v.legacy_id::text, jsonb_build_array(c.origin || c.legacy_id, s.origin || s.legacy_id, g.origin || g.legacy_id)::text
        FROM visits v LEFT JOIN people c ON c.id = v.client LEFT JOIN people s ON s.id = v.staff LEFT JOIN people g ON g.id = v.guest`,
    },
  },
  edits: {
    legacy: `UPDATE client SET nm = 'changed' WHERE id = 3; UPDATE client SET nm = 'here' WHERE id = 4; UPDATE client SET nm = 'alike' WHERE id = 5;
      INSERT INTO client VALUES (40, 'new', 2); INSERT INTO guest VALUES (3, 'new'); INSERT INTO visit VALUES (100, 40, 1, 3), (101, 999, 1, 10);
      DELETE FROM guest WHERE id = 30; UPDATE visit SET client_id = 7 WHERE id = 1; UPDATE visit SET guest_id = 777 WHERE id = 2; INSERT INTO staff VALUES (50, 'x', 51), (51, 'y', 50);
      UPDATE staff SET boss = 50 WHERE id = 1;`,
    target: `UPDATE people SET name = 'there' WHERE origin = 'client' AND legacy_id = 4; UPDATE people SET name = 'alike' WHERE origin = 'client' AND legacy_id = 5;
      UPDATE people SET name = 'kept' WHERE origin = 'client' AND legacy_id = 6; UPDATE people SET name = 'kept' WHERE origin = 'staff' AND legacy_id = 6;
      DELETE FROM visits WHERE legacy_id = 60; UPDATE visits SET staff = (SELECT id FROM people WHERE origin = 'staff' AND legacy_id = 9) WHERE legacy_id = 50;`,
    counts: {
      clients: { inserted: 1, updated: 1, kept: 1, conflicts: 1 },
      staff: { inserted: 2, updated: 1, kept: 1 },
      guests: { inserted: 1, deleted: 1 },
      visits: { inserted: 1, updated: 1, kept: 2, setAside: 2 },
    },
    left: {
      'clients 4': 'value',
      'clients 6': 'value',
      'staff 6': 'value',
      'visits 60': 'missing',
      'visits 50': 'value',
      'visits 101': 'missing',
      'visits 2': 'value',
    },
  },
};

/** Text keys that are the same in both tables. */
export const mergeOfTexts: Schema = {
  name: 'merge of tables with text keys',
  legacy: `
    CREATE TABLE a (code varchar(10) PRIMARY KEY, v text); CREATE TABLE b (code char(6) PRIMARY KEY, v text);
    CREATE TABLE use (n int PRIMARY KEY, a_code text, b_code text);
    INSERT INTO a VALUES ('', 'empty'), ('007', 'bond'), ('7', 'seven'), ('A/B', 'slash'), ('a/b', 'small'), ('ü', 'u'), ('o''k', 'quote'), ('x"y', 'double'), ('b\\c', 'back');
    INSERT INTO b VALUES ('', 'empty'), ('007', 'bond'), ('7', 'seven'), ('A/B', 'slash'), ('a/b', 'small');
    INSERT INTO use SELECT row_number() OVER (), a.code, b.code FROM a, b;`,
  target: `
    CREATE TABLE codes (id uuid PRIMARY KEY, kind text NOT NULL, code text, v text, UNIQUE (kind, code));
    CREATE TABLE uses (id uuid PRIMARY KEY, n int, a uuid NOT NULL REFERENCES codes, b uuid NOT NULL REFERENCES codes);`,
  map: {
    name: 'texts',
    entities: {
      a: {
        source: { table: 'public.a', key: ['code'] },
        target: { table: 'public.codes', key: ['id'], identity: ['kind', 'code'] },
        columns: { kind: { value: 'a' }, code: 'code', v: 'v' },
        deletes: 'propagate',
      },
      b: {
        source: { table: 'public.b', key: ['code'] },
        target: { table: 'public.codes', key: ['id'], identity: ['kind', 'code'] },
        columns: { kind: { value: 'b' }, code: 'code', v: 'v' },
      },
      uses: {
        source: { table: 'public.use', key: ['n'] },
        target: { table: 'public.uses', key: ['id'] },
        columns: { n: 'n', a: { ref: 'a', from: ['a_code'] }, b: { ref: 'b', from: ['b_code'] } },
        deletes: 'propagate',
      },
    },
  },
  truth: {
    a: { legacy: `SELECT code, v FROM a`, target: `SELECT code, v FROM codes WHERE kind = 'a'` },
    b: { legacy: `SELECT rtrim(code::text), v FROM b`, target: `SELECT code, v FROM codes WHERE kind = 'b'` },
    uses: {
      legacy: `SELECT n::text, jsonb_build_array(a_code, rtrim(b_code))::text FROM use`,
      target: `SELECT n::text, jsonb_build_array(a.code, b.code)::text FROM uses JOIN codes a ON a.id = uses.a JOIN codes b ON b.id = uses.b`,
    },
  },
  edits: {
    legacy: `UPDATE a SET v = 'new' WHERE code IN ('', 'b\\c'); DELETE FROM use WHERE a_code = '007'; DELETE FROM a WHERE code = '007'; INSERT INTO use VALUES (99, '', 'A/B'), (98, 'nowhere', '7');`,
    target: `UPDATE codes SET v = 'mine' WHERE kind = 'b' AND code = '';`,
    counts: { a: { updated: 2, deleted: 1 }, b: { kept: 1 }, uses: { inserted: 1, deleted: 5, setAside: 1 } },
    left: { 'b ': 'value', 'uses 98': 'missing' },
  },
};

export const split: Schema = {
  name: 'split of one table by where',
  legacy: `
    CREATE TABLE party (id int PRIMARY KEY, kind char(1), nm text, parent int, amount numeric);
    INSERT INTO party SELECT i, CASE WHEN i % 3 = 0 THEN 'F' WHEN i % 3 = 1 THEN 'P' END, 'n' || i, CASE WHEN i % 3 = 1 THEN i - 1 END, i / 3.0 FROM generate_series(1, 40) i;`,
  target: `
    CREATE TABLE firms (id uuid PRIMARY KEY, legacy_id int UNIQUE, name text NOT NULL);
    CREATE TABLE persons (id uuid PRIMARY KEY, legacy_id int UNIQUE, name text NOT NULL, firm uuid REFERENCES firms);
    CREATE TABLE accounts (id uuid PRIMARY KEY, legacy_id int UNIQUE, amount numeric(10, 2), owner uuid NOT NULL REFERENCES persons);`,
  map: {
    name: 'split',
    entities: {
      accounts: {
        source: { table: 'public.party', key: ['id'], where: `s.kind = 'P' AND s.amount > 5` },
        target: { table: 'public.accounts', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', amount: 'amount', owner: { ref: 'persons', from: ['id'] } },
      },
      persons: {
        source: { table: 'public.party', key: ['id'], where: `s.kind = 'P'` },
        target: { table: 'public.persons', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', name: 'nm', firm: { ref: 'firms', sql: 'nullif(s.parent, 0)', onMissing: 'null' } },
      },
      firms: {
        source: { table: 'public.party', key: ['id'], where: `s.kind IS NOT DISTINCT FROM 'F'` },
        target: { table: 'public.firms', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', name: 'nm' },
      },
    },
  },
  truth: {
    firms: {
      legacy: `SELECT id::text, nm FROM party WHERE kind = 'F'`,
      target: `SELECT legacy_id::text, name FROM firms`,
    },
    persons: {
      legacy: `SELECT id::text, jsonb_build_array(nm, (SELECT f.id FROM party f WHERE f.kind = 'F' AND f.id = p.parent))::text FROM party p WHERE kind = 'P'`,
      target: `SELECT p.legacy_id::text, jsonb_build_array(p.name, f.legacy_id)::text FROM persons p LEFT JOIN firms f ON f.id = p.firm`,
    },
    accounts: {
      legacy: `SELECT id::text, jsonb_build_array(amount::numeric(10, 2), id)::text FROM party WHERE kind = 'P' AND amount > 5`,
      target: `SELECT a.legacy_id::text, jsonb_build_array(a.amount, p.legacy_id)::text FROM accounts a JOIN persons p ON p.id = a.owner`,
    },
  },
  edits: {
    legacy: `UPDATE party SET kind = 'P' WHERE id = 2; UPDATE party SET kind = 'X' WHERE id = 39; UPDATE party SET amount = 1 WHERE id = 40; UPDATE party SET parent = 4000 WHERE id = 7; UPDATE party SET amount = 7.005 WHERE id = 37;`,
    target: ``,
    counts: { firms: { kept: 1 }, persons: { inserted: 1, updated: 1 }, accounts: { updated: 1, kept: 1 } },
    left: { 'firms 39': 'extra', 'persons 40': 'value', 'accounts 40': 'extra' },
  },
  // The reference of person 40 is what the source says; that its parent should be there no more is said of the parent.
  verdict: { left: { 'firms 39': 'extra', 'accounts 40': 'extra' } },
};
