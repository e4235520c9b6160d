// What a mapping gets wrong about two real databases: every kind of fault once, by its path.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import type { ColumnSource, Entity, EntityMap } from '../../shared/domain/entity-map.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

const LEGACY = `
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

const TARGET = `
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

const doctors = {
  source: { table: 'public.doctor_mst', key: ['doc_no'] },
  target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'] },
  columns: { legacy_id: 'doc_no', name: 'doc_nm' } as Record<string, ColumnSource>,
} satisfies Entity;

const patients = {
  source: { table: 'public.patient_mst', key: ['pat_no'] },
  target: { table: 'public.patients', key: ['id'], identity: ['legacy_id'] },
  columns: {
    legacy_id: 'pat_no',
    name: 'pat_nm',
    must_ref: { sql: 'gen_random_uuid()', onInsertOnly: true },
  } as Record<string, ColumnSource>,
} satisfies Entity;

/** The doctors with other columns, and whatever else is different. */
const withColumns = (columns: Record<string, ColumnSource>, more: Partial<Entity> = {}): EntityMap => ({
  name: 'test',
  entities: { doctors: { ...doctors, ...more, columns: { ...doctors.columns, ...columns } } },
});

let sides: TestSides;
beforeAll(async () => {
  sides = await twoSides(LEGACY, TARGET);
});
afterAll(() => sides.end());

const check = (map: EntityMap) => checkMap(sides, map);
const lines = async (map: EntityMap): Promise<string[]> =>
  (await check(map)).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
const only = async (map: EntityMap): Promise<string> => {
  const found = await lines(map);
  expect(found).toHaveLength(1);
  return found[0]!;
};

test('a mapping that fits both databases has no fault', async () => {
  expect(
    await lines(
      withColumns({
        spec: 'spec',
        fee: { sql: 'round(s.fee)' },
        tags: 'tags',
        mood: { value: 'good' },
        origin: { value: 'de' },
      }),
    ),
  ).toEqual([]);
});

test('the clinic, over its schemas, has no fault', async () => {
  const own = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
  try {
    expect((await checkMap(own, clinic)).filter(({ severity }) => severity === 'fault')).toEqual([]);
  } finally {
    await own.end();
  }
});

describe('names', () => {
  test.each<[string, EntityMap, string]>([
    [
      'a source table',
      withColumns({}, { source: { table: 'public.doctor_msts', key: ['doc_no'] } }),
      'fault entities.doctors.source.table: the source has no table or view "public.doctor_msts"; did you mean "public.doctor_mst"?',
    ],
    [
      'a target table',
      withColumns({}, { target: { ...doctors.target, table: 'doctor' } }),
      'fault entities.doctors.target.table: the target has no table or view "public.doctor"; did you mean "public.doctors"?',
    ],
    [
      'a source key',
      withColumns({}, { source: { table: 'public.doctor_mst', key: ['doc_nr'] } }),
      'fault entities.doctors.source.key[0]: public.doctor_mst has no column "doc_nr"; did you mean "doc_nm" or "doc_no"?',
    ],
    [
      'updatedAt of the source',
      withColumns({}, { source: { ...doctors.source, updatedAt: 'upd_tz' } }),
      'fault entities.doctors.source.updatedAt: public.doctor_mst has no column "upd_tz"; did you mean "upd_ts"?',
    ],
    [
      'updatedAt of the target',
      withColumns({}, { target: { ...doctors.target, updatedAt: 'Updated_at' } }),
      'fault entities.doctors.target.updatedAt: public.doctors has no column "Updated_at"; did you mean "updated_at"?',
    ],
    [
      'a copied column',
      withColumns({ fee: 'feee' }),
      'fault entities.doctors.columns.fee: public.doctor_mst has no column "feee"; did you mean "fee"?',
    ],
    [
      'a column in "from"',
      withColumns({ fee: { from: 'feee' } }),
      'fault entities.doctors.columns.fee.from: public.doctor_mst has no column "feee"; did you mean "fee"?',
    ],
    [
      'a target column',
      withColumns({ feee: 'fee' }),
      'fault entities.doctors.columns.feee: public.doctors has no column "feee"; did you mean "fee"?',
    ],
    [
      'a target key',
      withColumns({}, { target: { ...doctors.target, key: ['idd'] } }),
      'fault entities.doctors.target.key[0]: public.doctors has no column "idd"; did you mean "id"?',
    ],
    [
      'a column that marks deletes',
      withColumns({}, { deletes: 'soft:gone' }),
      'fault entities.doctors.deletes: public.doctors has no column "gone"; did you mean "gone_at"?',
    ],
  ])('%s that is not there', async (_what, map, line) => {
    expect(await only(map)).toBe(line);
  });

  test('an identity column that nothing fills, and one that the mapping gives', async () => {
    expect(await only(withColumns({}, { target: { ...doctors.target, identity: ['legacy'] } }))).toContain(
      'entities.doctors.target.identity[0]: the identity column "legacy" is not mapped',
    );
    expect(await only(withColumns({}, { target: { ...doctors.target, identity: ['id'] } }))).toContain(
      'fault entities.doctors.target.identity[0]',
    );
  });

  test('a column of a reference', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: {
        doctors,
        patients: { ...patients, columns: { ...patients.columns, doctor_id: { ref: 'doctors', from: ['doctor'] } } },
      },
    };
    expect(await only(map)).toContain(
      'fault entities.patients.columns.doctor_id.from[0]: public.patient_mst has no column "doctor"',
    );
  });

  test('dots, blanks and SQL words in names are only names', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: {
        odd: {
          source: { table: 'old.Odd.Name', key: ['the key'] },
          target: { table: 'odd', key: ['id'] },
          columns: { id: 'the key', code: 'select' },
        },
      },
    };
    expect(await lines(map)).toEqual([]);
  });
});

describe('keys', () => {
  test('a source key that nothing makes unique is a warning', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: {
        visits: {
          ...doctors,
          source: { table: 'visit', key: ['vis_no'] },
          columns: { legacy_id: 'vis_no', name: { sql: "coalesce(s.note, '')" } },
        },
      },
    };
    expect(await only(map)).toMatch(
      /^warning entities\.visits\.source\.key: nothing in the source makes this key unique/,
    );
  });

  test('a target key without uniqueness, where a partial index does not count', async () => {
    const columns = { ...patients.columns, id: { sql: 'gen_random_uuid()', onInsertOnly: true } };
    const keyed = { ...patients, target: { ...patients.target, key: ['legacy_id'] }, columns };
    expect(await only({ name: 'test', entities: { patients: keyed } })).toMatch(
      /^fault entities\.patients\.target\.key: a key without uniqueness/,
    );
  });

  test('a key that nothing fills', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: { odd: { source: doctors.source, target: { table: 'odd', key: ['id'] }, columns: { code: 'doc_nm' } } },
    };
    expect(await only(map)).toMatch(/^fault entities\.odd\.target\.key: nothing fills the key/);
  });
});

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
    await sides.run(
      'target',
      "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.needed := 1; RETURN NEW; END'; CREATE TRIGGER fill BEFORE INSERT ON strict FOR EACH ROW EXECUTE FUNCTION fill()",
    );
    expect(await only(map)).toMatch(/^warning entities\.strict\.columns\.needed/);
    await sides.run('target', 'DROP TRIGGER fill ON strict');
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
    await sides.run('target', 'ALTER TABLE b ALTER CONSTRAINT b_to_a DEFERRABLE');
    expect(await lines(map)).toEqual([]);
  });

  test('a table that refers to itself is no circle that anybody must untie', async () => {
    await sides.run(
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

describe('expressions', () => {
  test.each<[string, string, string]>([
    [
      'a column that is not there',
      's.feee + 1',
      'column s.feee does not exist. Perhaps you meant to reference the column "s.fee".',
    ],
    ['a syntax error', 's.fee +', 'syntax error at or near ")"'],
    ['a type that cannot cast', 's.hired', 'cannot cast type date to integer'],
    [
      'a function that is not there',
      'fees(s.fee)',
      'function fees(numeric) does not exist. No function matches the given name and argument types. You might need to add explicit type casts.',
    ],
    ['an aggregate', 'count(s.fee)', 'aggregate functions are not allowed in a mapping'],
    ['a window function', 'row_number() OVER ()', 'window functions are not allowed in a mapping'],
    ['a set', 'generate_series(1, 3)', 'set-returning functions are not allowed in a mapping'],
    ['a second statement', 's.fee; DELETE FROM doctor_mst', 'more than one statement: a semicolon outside of a string'],
    ['a second expression', 's.fee, s.doc_no', 'several expressions: a comma outside of parentheses'],
    ['a parenthesis too many', 's.fee) + (1', 'a parenthesis that closes and was never opened'],
    ['a parenthesis too few', '(s.fee', 'a parenthesis that opens and is never closed'],
    ['a comment that swallows the rest', 's.fee -- euros', 'a comment to the end of the line'],
    ['a comment without an end', 's.fee /* /* */', 'a comment that does not end'],
    ['a string without an end', "s.fee || 'x", 'a string that does not end'],
    ['a parameter', 's.fee + $1', 'a parameter ($1), which nothing fills'],
    ['nothing', ' /* nothing */ ', 'an empty expression'],
  ])('%s', async (_what, sql, message) => {
    expect(await only(withColumns({ fee: { sql } }))).toBe(`fault entities.doctors.columns.fee.sql: ${message}`);
  });

  test.each<[string, string]>([
    ['semicolons in strings', "length(';' || E'\\';' || $x$;'$x$)"],
    [
      'commas in calls, arrays and queries',
      '(ARRAY[1, 2])[1] + (SELECT max(v.pat_no) FROM visit v WHERE v.vis_no = s.doc_no GROUP BY 1 = 1, v.note LIMIT 1)',
    ],
    ['a query of its own', 'SELECT v.pat_no FROM visit v WHERE v.vis_no = s.doc_no ORDER BY v.pat_no, v.note LIMIT 1'],
    ['comments', 's.fee /* ; , ( */ -- and\n + 1'],
  ])('%s are fine', async (_what, sql) => {
    expect(await lines(withColumns({ fee: { sql } }))).toEqual([]);
  });

  test('a filter that is no condition', async () => {
    expect(await only(withColumns({}, { source: { ...doctors.source, where: 's.spec' } }))).toBe(
      'fault entities.doctors.source.where: argument of WHERE must be type boolean, not type text',
    );
  });

  test('a cast that only the target can refuse', async () => {
    expect(await lines(withColumns({ mood: { sql: "'ugly'" }, tags: 'doc_nm' }))).toEqual([]);
    expect(await only(withColumns({ hired: 'fee' }))).toBe(
      'fault entities.doctors.columns.hired: cannot cast type numeric to date',
    );
  });

  test('a name that only the schema of its own table has', async () => {
    const map: EntityMap = {
      name: 'test',
      entities: {
        odd: {
          source: { table: 'old.Odd.Name', key: ['the key'] },
          target: { table: 'odd', key: ['id'] },
          columns: { id: 'the key', code: { sql: '(SELECT max(note) FROM visit)' } },
        },
      },
    };
    expect(await only(map)).toBe('fault entities.odd.columns.code.sql: relation "visit" does not exist');
    expect((await sides.source.one<{ path: string }>("SELECT current_setting('search_path') AS path")).path).toBe(
      'pg_catalog',
    );
  });
});

describe('values that change though the row does not', () => {
  test.each<[string, string]>([
    ['random() * 10', 'random()'],
    ['extract(epoch FROM now())', 'now()'],
    ['extract(epoch FROM current_timestamp)', 'CURRENT_TIMESTAMP'],
    ['extract(epoch FROM CURRENT_DATE)', 'CURRENT_DATE'],
    ['extract(epoch FROM clock_timestamp())', 'clock_timestamp()'],
    ['extract(year FROM age(s.hired))', 'CURRENT_DATE'],
    ["extract(epoch FROM 'today'::date)", "'today'"],
    ["extract(epoch FROM timestamptz 'now')", "'now'"],
    ["nextval('ticket')", 'nextval()'],
    ['s.fee + "dice"()', 'dice()'],
    ['(SELECT max(v.pat_no) FROM visit v WHERE random() < 0.5)', 'random()'],
    ['CASE WHEN s.doc_no <~> 1 THEN 1 END', 'a volatile function or operator'],
    ['(txid_current() % 1000)::int', 'txid_current()'],
  ])('%s', async (sql, name) => {
    expect(await only(withColumns({ fee: { sql } }))).toBe(
      `fault entities.doctors.columns.fee.sql: the value changes though the row does not: ${name}`,
    );
    expect(await lines(withColumns({ fee: { sql, onInsertOnly: true } }))).toEqual([]);
  });

  test.each([
    "length('now() random()')",
    'length("now()") + 0',
    'length($$current_date$$)',
    "CASE WHEN s.spec = 'now' THEN 1 END",
    's.fee /* random() */',
  ])('%s only looks so', async (sql) => {
    await sides.run('source', 'ALTER TABLE doctor_mst ADD IF NOT EXISTS "now()" text');
    expect(await lines(withColumns({ fee: { sql } }))).toEqual([]);
  });

  test('in a filter and in a reference there is no onInsertOnly to save it', async () => {
    const [found] = await check(withColumns({}, { source: { ...doctors.source, where: 's.hired > now()' } }));
    expect(found).toMatchObject({ path: 'entities.doctors.source.where', expected: 'an expression of the row alone' });
  });

  test('a column of a view is looked into, its own filter is not', async () => {
    const over = (columns: Record<string, ColumnSource>) =>
      lines(withColumns(columns, { source: { table: 'recent', key: ['doc_no'] } }));
    expect((await over({ name: 'doc_nm' })).filter((line) => line.startsWith('fault'))).toEqual([]);
    expect(await over({ updated_at: 'seen' })).toContain(
      'fault entities.doctors.columns.updated_at: the value changes though the row does not: now()',
    );
  });
});

test('row level security that hides rows from the role', async () => {
  const own = await twoSides(LEGACY, TARGET);
  const role = `seer_${process.pid}`;
  try {
    await own.run(
      'source',
      `CREATE ROLE ${role}; GRANT SELECT ON doctor_mst TO ${role}; ALTER TABLE doctor_mst ENABLE ROW LEVEL SECURITY`,
    );
    await own.source.run(`SET ROLE ${role}`);
    const found = await checkMap(own, withColumns({}));
    expect(found.map(({ severity, path }) => `${severity} ${path}`)).toEqual(['fault entities.doctors.source.table']);
  } finally {
    await own.source.run('RESET ROLE');
    await own.run('source', `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await own.end();
  }
});

test('ten faults are reported in one answer, each with its path', async () => {
  const map: EntityMap = {
    name: 'test',
    entities: {
      doctors: {
        source: { table: 'public.doctor_mst', key: ['doc_no'], where: 's.specc IS NOT NULL', updatedAt: 'updated' },
        target: { table: 'public.doctors', key: ['id'], identity: ['legacy_id'] },
        columns: {
          legacy_id: 'doc_no',
          name: { sql: 'upper(s.nm)' },
          fee: { sql: 'random()' },
          hired: 'fee',
          doubled: 'doc_no',
          mood: { value: 'ugly' },
          nonsense: 'spec',
        },
      },
      patients: {
        source: { table: 'public.patient_mst', key: ['pat_no'] },
        target: { table: 'public.patients', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'pat_no', name: 'pat_name', doctor_id: { ref: 'doctor', from: ['doc_no'] } },
      },
    },
  };
  const faults = (await check(map)).filter(({ severity }) => severity === 'fault');
  const paths = [
    'entities.doctors.source.where',
    'entities.doctors.source.updatedAt',
    'entities.doctors.columns.name.sql',
    'entities.doctors.columns.fee.sql',
    'entities.doctors.columns.hired',
    'entities.doctors.columns.doubled',
    'entities.doctors.columns.mood.value',
    'entities.doctors.columns.nonsense',
    'entities.patients.columns.name',
    'entities.patients.columns.doctor_id.ref',
    'entities.patients.columns.must_ref',
  ];
  expect(faults.map(({ path }) => path).sort()).toEqual(paths.sort());
  const error = faultsError(faults);
  expect(error.code).toBe('SYS002');
  expect(error.message).toMatch(/^The mapping has 11 faults \(against both databases\):\n {2}entities/);
  for (const path of paths) expect(error.message).toContain(`\n  ${path}: `);
});
