// A practice whose references and mappings can be harmed in every way: a chain of parents, a reference that may be NULL, one to
// the own table, a parent without identity, a join table with a key of two references, and foreign keys that are missing or not valid.
import type { EntityMap } from '../../shared/domain/entity-map.ts';

export const PRACTICE_SOURCE = `
  CREATE TABLE office (office_no integer PRIMARY KEY, nm text NOT NULL);
  CREATE TABLE doctor (doc_no integer PRIMARY KEY, nm text NOT NULL, office_no integer, boss_no integer);
  CREATE TABLE room (code text PRIMARY KEY, nm text NOT NULL);
  CREATE TABLE visit (visit_no integer PRIMARY KEY, doc_no integer, room text, note text);
  CREATE TABLE skill (doc_no integer, code text, since date, PRIMARY KEY (doc_no, code));
  INSERT INTO office SELECT n, 'Office ' || n FROM generate_series(1, 10) n;
  INSERT INTO doctor SELECT n, 'Doctor ' || n, 1 + n % 10, CASE WHEN n % 4 <> 0 THEN n + 1 END FROM generate_series(1, 40) n;
  INSERT INTO room SELECT 'R' || n, 'Room ' || n FROM generate_series(1, 5) n;
  INSERT INTO visit SELECT n, 1 + n % 40, 'R' || 1 + n % 5, 'note ' || n FROM generate_series(1, 200) n;
  INSERT INTO skill SELECT n, 'S' || m, date '2020-01-01' FROM generate_series(1, 40) n, generate_series(1, 2) m;`;

export const PRACTICE_TARGET = `
  CREATE TABLE offices (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL);
  CREATE TABLE doctors (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL, office_id uuid NOT NULL, boss_id uuid);
  CREATE TABLE rooms (id uuid PRIMARY KEY, name text NOT NULL);
  CREATE TABLE visits (id uuid PRIMARY KEY, legacy_id integer UNIQUE, doctor_id uuid, room_id uuid, note text, seen boolean NOT NULL DEFAULT false);
  CREATE TABLE skills (doctor_id uuid NOT NULL, code text NOT NULL, since date, PRIMARY KEY (doctor_id, code));
  ALTER TABLE doctors ADD CONSTRAINT boss FOREIGN KEY (boss_id) REFERENCES doctors NOT VALID;`;

const legacy = { key: ['id'], identity: ['legacy_id'] };

export const practice = {
  name: 'practice',
  entities: {
    offices: {
      source: { table: 'public.office', key: ['office_no'] },
      target: { table: 'public.offices', ...legacy },
      columns: { legacy_id: 'office_no', name: 'nm' },
    },
    doctors: {
      source: { table: 'public.doctor', key: ['doc_no'] },
      target: { table: 'public.doctors', ...legacy },
      columns: {
        legacy_id: 'doc_no',
        name: 'nm',
        office_id: { ref: 'offices', from: ['office_no'] },
        boss_id: { ref: 'doctors', from: ['boss_no'] },
      },
    },
    rooms: {
      source: { table: 'public.room', key: ['code'] },
      target: { table: 'public.rooms', key: ['id'] },
      columns: { name: 'nm' },
    },
    visits: {
      source: { table: 'public.visit', key: ['visit_no'] },
      target: { table: 'public.visits', ...legacy },
      columns: {
        legacy_id: 'visit_no',
        doctor_id: { ref: 'doctors', from: ['doc_no'] },
        room_id: { ref: 'rooms', from: ['room'], onMissing: 'null' },
        note: 'note',
      },
    },
    skills: {
      source: { table: 'public.skill', key: ['doc_no', 'code'] },
      target: { table: 'public.skills', key: ['doctor_id', 'code'] },
      columns: { doctor_id: { ref: 'doctors', from: ['doc_no'] }, code: 'code', since: 'since' },
    },
  },
} satisfies EntityMap;
