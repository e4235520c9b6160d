// A small pair of schemas that has one of everything a batch must handle: a reference that must lead, one that is cut, a
// constant, a sensitive column, a padded code, a numeric whose scale counts, and a value that is made on insert alone.
import type { EntityMap } from '../../shared/domain/entity-map.ts';

export const SURGERY_SOURCE = `
  CREATE TABLE office (office_no integer PRIMARY KEY, office_nm text NOT NULL);
  CREATE TABLE doctor (doc_no integer PRIMARY KEY, doc_nm text NOT NULL, fee numeric, office_no integer, boss_no integer, email text, code char(4), note text);
  INSERT INTO office VALUES (1, 'North'), (2, 'South');
  INSERT INTO doctor SELECT n, 'Doctor ' || n, n * 1.5, 1 + n % 2, CASE WHEN n < 10 THEN n + 1 END, 'd' || n || '@example.org', 'A' || n % 10, CASE WHEN n % 3 = 0 THEN '' END
    FROM generate_series(1, 20) n;`;

export const SURGERY_TARGET = `
  CREATE TABLE offices (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL);
  CREATE TABLE doctors (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name varchar(40) NOT NULL, fee numeric, office_id uuid NOT NULL REFERENCES offices,
    boss_id uuid REFERENCES doctors, email text, code char(6), note text, origin text, created_at timestamptz, phone text);`;

export const surgery = {
  name: 'surgery',
  entities: {
    offices: {
      source: { table: 'public.office', key: ['office_no'] },
      target: { table: 'public.offices', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'office_no', name: 'office_nm' },
    },
    doctors: {
      source: { table: 'public.doctor', key: ['doc_no'], where: "s.doc_nm <> 'skip'" },
      target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'doc_no',
        name: { sql: 'btrim(s.doc_nm)' },
        fee: 'fee',
        office_id: { ref: 'offices', from: ['office_no'] },
        boss_id: { ref: 'doctors', from: ['boss_no'] },
        email: { from: 'email', sensitive: true },
        code: 'code',
        note: 'note',
        origin: { value: 'surgery' },
        created_at: { sql: 'now()', onInsertOnly: true },
      },
    },
  },
} satisfies EntityMap;
