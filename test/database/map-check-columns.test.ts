// Columns and references of a mapping that the target cannot hold.
import { describe, expect, test } from '@jest/globals';
import type { ColumnSource, Entity, EntityMap } from '../../shared/domain/entity-map.ts';
import { checker, doctors, patients, withColumns } from '../support/map-check.ts';

const { lines, only, sides } = checker();

describe('columns', () => {
  test('a generated column', async () => {
    expect(await only(withColumns({ doubled: 'doc_no' }))).toBe(
      'fault entities.doctors.columns.doubled: the target computes this column itself',
    );
  });

  test('a NOT NULL column that nothing fills, unless a trigger may', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: { strict: { ...doctors, target: { table: 'strict', key: ['id'] }, columns: { legacy_id: 'doc_no' } } },
    };
    expect(await only(map)).toBe(
      'fault entities.strict.columns.needed: a column that must have a value, and nothing fills it',
    );
    await sides().run(
      'target',
      "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.needed := 1; RETURN NEW; END'; CREATE TRIGGER fill BEFORE INSERT ON strict FOR EACH ROW EXECUTE FUNCTION fill()",
    );
    expect(await only(map)).toMatch(/^warning entities\.strict\.columns\.needed/);
    await sides().run('target', 'DROP TRIGGER fill ON strict');
  });

  test('a nullable source column for a NOT NULL target column is a warning', async () => {
    expect(await only(withColumns({ name: 'spec' }))).toMatch(
      /^warning entities\.doctors\.columns\.name: the source column may be NULL/,
    );
  });

  test('a mark of deletes that is no time', async () => {
    expect(await only(withColumns({}, { deletes: 'soft:fee' }))).toBe(
      'fault entities.doctors.deletes: "fee" cannot mark deleted rows',
    );
  });

  test.each<[string, Record<string, ColumnSource>, string]>([
    [
      'an enum label',
      { mood: { value: 'ugly' } },
      'entities.doctors.columns.mood.value: invalid input value for enum public.mood: "ugly"',
    ],
    [
      'a text that is too long',
      { origin: { value: 'deu' } },
      'entities.doctors.columns.origin.value: value too long for type character(2)',
    ],
    [
      'a number that is none',
      { fee: { value: "1'; x" } },
      `entities.doctors.columns.fee.value: invalid input syntax for type integer: "1'; x"`,
    ],
    [
      'a value that its domain refuses',
      { level: { value: -1 } },
      'entities.doctors.columns.level.value: value for domain public.positive violates check constraint "positive_check"',
    ],
    [
      'NULL where none may be',
      { name: { value: null } },
      'entities.doctors.columns.name.value: the target column must not be NULL',
    ],
  ])('a constant: %s', async (_what, columns, line) => {
    expect(await only(withColumns(columns))).toBe(`fault ${line}`);
  });
});

describe('references', () => {
  const referring = (columns: Record<string, ColumnSource>): EntityMap => ({
    name: 'test',
    entities: { doctors, patients: { ...patients, columns: { ...patients.columns, ...columns } } },
  });

  test('a column of another type than the key that it holds', async () => {
    expect(await lines(referring({ born: { ref: 'doctors', from: ['doc_no'] } }))).toContain(
      'fault entities.patients.columns.born.ref: the column cannot hold the key of doctors',
    );
  });

  test('"null" where the column must not be NULL, and no index', async () => {
    expect(await lines(referring({ must_ref: { ref: 'doctors', from: ['doc_no'], onMissing: 'null' } }))).toEqual([
      'fault entities.patients.columns.must_ref.onMissing: the target column must not be NULL',
      'warning entities.patients.columns.must_ref: the reference has no index in the target: deleting or undoing a row of the parent reads the whole table',
    ]);
  });

  test('a value that cannot be the parent key', async () => {
    expect(await only(referring({ doctor_id: { ref: 'doctors', sql: 'ARRAY[s.doc_no]' } }))).toBe(
      'fault entities.patients.columns.doctor_id.sql: cannot cast type integer[] to integer',
    );
  });

  test('a circle of NOT NULL references whose constraints cannot wait', async () => {
    const entity = (table: string, column: string, ref: string): Entity => ({
      source: { table: 'public.patient_mst', key: ['pat_no'] },
      target: { table, key: ['id'] },
      columns: { [column]: { ref, from: ['ref_no'] } },
    });
    const map: EntityMap = { name: 'test', entities: { a: entity('a', 'b_id', 'b'), b: entity('b', 'a_id', 'a') } };
    expect(await only(map)).toBe(
      'fault entities.a.columns.b_id.ref: references that must not be NULL lead in a circle, and none of its constraints is deferrable: a.b_id -> b, b.a_id -> a',
    );
    await sides().run('target', 'ALTER TABLE b ALTER CONSTRAINT b_to_a DEFERRABLE');
    expect(await lines(map)).toEqual([]);
  });

  test('a table that refers to itself is no circle that anybody must untie', async () => {
    await sides().run(
      'target',
      'CREATE TABLE tree (id uuid PRIMARY KEY, up uuid NOT NULL REFERENCES tree); CREATE INDEX ON tree (up)',
    );
    const map: EntityMap = {
      name: 'test',
      entities: {
        tree: {
          source: patients.source,
          target: { table: 'tree', key: ['id'] },
          columns: { up: { ref: 'tree', from: ['ref_no'] } },
        },
      },
    };
    expect(await lines(map)).toEqual([]);
  });
});
