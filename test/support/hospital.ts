// Schemas in which rows vanish from the source: parents and children whose foreign keys would cascade, a table that refers
// to itself, a key of two columns, a table that nobody maps, and one whose rows are only marked.
import type { EntityMap } from '../../shared/domain/entity-map.ts';

export const HOSPITAL_SOURCE = `
  CREATE TABLE ward (ward_no integer PRIMARY KEY, nm text NOT NULL);
  CREATE TABLE nurse (nurse_no integer PRIMARY KEY, nm text NOT NULL, ward_no integer NOT NULL, head_no integer);
  CREATE TABLE shift (nurse_no integer, day date, hours numeric, PRIMARY KEY (nurse_no, day));
  CREATE TABLE drug (code text PRIMARY KEY, nm text NOT NULL);
  INSERT INTO ward SELECT n, 'Ward ' || n FROM generate_series(1, 10) n;
  INSERT INTO nurse SELECT n, 'Nurse ' || n, 1 + n % 10, CASE WHEN n % 4 <> 0 THEN n + 1 END FROM generate_series(1, 40) n;
  INSERT INTO shift SELECT n, date '2024-01-01' + d, 7.50 FROM generate_series(1, 40) n, generate_series(1, 5) d;
  INSERT INTO drug SELECT CASE WHEN n < 5 THEN (ARRAY['', 'a/b', '007', 'o''k "q"'])[n] ELSE 'code ' || n END, 'Drug ' || n FROM generate_series(1, 30) n;`;

export const HOSPITAL_TARGET = `
  CREATE TABLE wards (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL, floor numeric(6,2) DEFAULT 3, upper_name text GENERATED ALWAYS AS (upper(name)) STORED);
  CREATE TABLE nurses (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL, ward_id uuid NOT NULL REFERENCES wards ON DELETE CASCADE,
    head_id uuid REFERENCES nurses ON DELETE SET NULL, phone text);
  CREATE TABLE shifts (nurse_id uuid REFERENCES nurses ON DELETE CASCADE, day date, hours numeric, note text, PRIMARY KEY (nurse_id, day));
  CREATE TABLE badges (badge integer PRIMARY KEY, nurse_id integer REFERENCES nurses (legacy_id) ON DELETE CASCADE);
  CREATE TABLE drugs (id uuid PRIMARY KEY, code text UNIQUE, name text NOT NULL, gone_at timestamp, price integer);`;

export const hospital = {
  name: 'hospital',
  entities: {
    wards: {
      source: { table: 'public.ward', key: ['ward_no'] },
      target: { table: 'public.wards', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'ward_no', name: 'nm' },
      deletes: 'propagate',
    },
    nurses: {
      source: { table: 'public.nurse', key: ['nurse_no'] },
      target: { table: 'public.nurses', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'nurse_no',
        name: 'nm',
        ward_id: { ref: 'wards', from: ['ward_no'] },
        head_id: { ref: 'nurses', from: ['head_no'] },
      },
      deletes: 'propagate',
    },
    shifts: {
      source: { table: 'public.shift', key: ['nurse_no', 'day'] },
      target: { table: 'public.shifts', key: ['nurse_id', 'day'] },
      columns: { nurse_id: { ref: 'nurses', from: ['nurse_no'] }, day: 'day', hours: 'hours' },
      deletes: 'propagate',
    },
    drugs: {
      source: { table: 'public.drug', key: ['code'] },
      target: { table: 'public.drugs', key: ['id'], identity: ['code'] },
      columns: { code: 'code', name: 'nm' },
      deletes: 'soft:gone_at',
    },
  },
} satisfies EntityMap;
