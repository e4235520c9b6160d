// The databases and entities that tests of checkMap get wrong in one thing at a time.
import { afterAll, beforeAll, expect } from '@jest/globals';
import { checkMap, type CatalogFault } from '../../shared/database/map-check/check-map.ts';
import type { ColumnSource, Entity, EntityMap } from '../../shared/domain/entity-map.ts';
import { twoSides, type TestSides } from './sides.ts';

export const LEGACY = `
  CREATE TABLE doctor_mst (doc_no integer PRIMARY KEY, doc_nm text NOT NULL, spec text, hired date, fee numeric, tags text[], upd_ts timestamptz);
  CREATE TABLE patient_mst (pat_no integer PRIMARY KEY, pat_nm text NOT NULL, doc_no integer, ref_no integer);
  CREATE TABLE visit (vis_no integer, pat_no integer, note text);
  CREATE SEQUENCE ticket;
  CREATE VIEW recent AS SELECT doc_no, doc_nm, now() AS seen FROM doctor_mst WHERE hired > now() - interval '1 year';
  CREATE SCHEMA old;
  CREATE TABLE old."Odd.Name" ("the key" text PRIMARY KEY, "select" text);
  CREATE FUNCTION old.dice() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 4';
  CREATE FUNCTION public.dice() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 4';
  CREATE FUNCTION public.rolls(integer, integer) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT true';
  CREATE OPERATOR public.<~> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.rolls);`;

export const TARGET = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE TABLE doctors (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text NOT NULL, spec varchar(5), hired date, fee integer,
    origin char(2), mood mood, level positive, doubled integer GENERATED ALWAYS AS (legacy_id * 2) STORED, tags text[], updated_at timestamptz, gone_at timestamptz);
  CREATE TABLE patients (id uuid PRIMARY KEY, legacy_id integer, name text NOT NULL, doctor_id uuid REFERENCES doctors, must_ref uuid NOT NULL, born date NOT NULL DEFAULT '2000-01-01');
  CREATE INDEX ON patients (doctor_id);
  CREATE UNIQUE INDEX ON patients (legacy_id) WHERE legacy_id > 0;
  CREATE TABLE odd (id text PRIMARY KEY, code text);
  CREATE TABLE strict (id uuid PRIMARY KEY, needed integer NOT NULL, legacy_id integer UNIQUE);
  CREATE TABLE a (id uuid PRIMARY KEY, b_id uuid NOT NULL); CREATE TABLE b (id uuid PRIMARY KEY, a_id uuid NOT NULL);
  ALTER TABLE a ADD CONSTRAINT a_to_b FOREIGN KEY (b_id) REFERENCES b; ALTER TABLE b ADD CONSTRAINT b_to_a FOREIGN KEY (a_id) REFERENCES a;
  CREATE INDEX ON a (b_id); CREATE INDEX ON b (a_id);`;

export const doctors = {
  source: { table: 'public.doctor_mst', key: ['doc_no'] },
  target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'] },
  columns: { legacy_id: 'doc_no', name: 'doc_nm' } as Record<string, ColumnSource>,
} satisfies Entity;

export const patients = {
  source: { table: 'public.patient_mst', key: ['pat_no'] },
  target: { table: 'public.patients', key: ['id'], identity: ['legacy_id'] },
  columns: {
    legacy_id: 'pat_no',
    name: 'pat_nm',
    must_ref: { sql: 'gen_random_uuid()', onInsertOnly: true },
  } as Record<string, ColumnSource>,
} satisfies Entity;

/** The doctors with other columns, and whatever else is different. */
export const withColumns = (columns: Record<string, ColumnSource>, more: Partial<Entity> = {}): EntityMap => ({
  name: 'test',
  entities: { doctors: { ...doctors, ...more, columns: { ...doctors.columns, ...columns } } },
});

export interface Checker {
  readonly check: (map: EntityMap) => Promise<CatalogFault[]>;
  /** `severity path: message`. */
  readonly lines: (map: EntityMap) => Promise<string[]>;
  /** The only line that there is. */
  readonly only: (map: EntityMap) => Promise<string>;
  readonly sides: () => TestSides;
}

/** Makes the databases for the tests of one file. */
export function checker(): Checker {
  let sides: TestSides;
  beforeAll(async () => {
    sides = await twoSides(LEGACY, TARGET);
  });
  afterAll(() => sides.end());
  const check = (map: EntityMap): Promise<CatalogFault[]> => checkMap(sides, map);
  const lines = async (map: EntityMap): Promise<string[]> =>
    (await check(map)).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
  const only = async (map: EntityMap): Promise<string> => {
    const found = await lines(map);
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  return { check, lines, only, sides: () => sides };
}
