// What a mapping gets wrong about two real databases: names, keys, rights, and everything at once.
import { describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { checker, doctors, LEGACY, patients, TARGET, withColumns } from '../support/map-check.ts';
import { twoSides } from '../support/sides.ts';

const { check, lines, only } = checker();

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
