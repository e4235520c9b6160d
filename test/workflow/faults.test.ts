// What databases refuse: a password, an address, a table, a right. Each is told with its code and the way on, and nothing
// is lost: the next run completes, and every row is there once.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { closeDependencies } from '../../functions/dependencies.ts';
import { setVariables } from '../../shared/config.ts';
import { during, expectComplete, expectCompletes, FAULTS_SOURCE } from '../support/faults.ts';
import { portage, type Around, type Ended, type Portage } from '../support/portage.ts';
import { SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ROLE = `faulty_${process.pid}`;

let p: Portage;
beforeAll(async () => {
  p = await portage(FAULTS_SOURCE, SURGERY_TARGET, surgery);
  await p.migrate();
  await p.run('target', `CREATE ROLE ${ROLE} LOGIN PASSWORD 'right'`);
});
afterAll(async () => {
  for (const side of ['source', 'target'] as const) await p.run(side, `DROP OWNED BY ${ROLE}`);
  await p.run('target', `DROP ROLE ${ROLE}`);
  await p.end();
});
beforeEach(() => p.empty());

const VARIABLES = { source: 'SOURCE_DB_URL', target: 'TARGET_DB_URL' } as const;
const urlOf = (side: 'source' | 'target'): URL => new URL(side === 'source' ? p.sourceUrl : p.targetUrl);

/** A migration that reaches one side under another address. */
async function migrateUnder(
  side: 'source' | 'target',
  change: Partial<URL>,
  around: Readonly<Record<string, Around>> = {},
): Promise<Ended> {
  await closeDependencies();
  setVariables({ [VARIABLES[side]]: Object.assign(urlOf(side), change).href });
  try {
    return await p.migrateAround(around);
  } finally {
    await closeDependencies();
    setVariables({ [VARIABLES[side]]: urlOf(side).href });
  }
}

describe.each(['source', 'target'] as const)('the %s', (side) => {
  test('refuses a password', async () => {
    const { failure } = await migrateUnder(side, { password: 'not-the-password' });
    expect(failure).toMatchObject({
      code: 'SYS001',
      message: `no connection to the ${side} database`,
      got: 'password authentication failed for user "postgres"',
      where: expect.stringContaining('postgres@127.0.0.1:'),
      next: expect.stringContaining('test-connections'),
    });
    expect(JSON.stringify(failure)).not.toContain('not-the-password');
    await expectCompletes(p);
  });

  test.each([
    ['a port where nobody listens', { port: '1' }, /ECONNREFUSED/],
    ['a name that no one has', { hostname: 'nobody.invalid' }, /ENOTFOUND|EAI_AGAIN/],
    ['a database that does not exist', { pathname: '/nothing_here' }, /database "nothing_here" does not exist/],
  ])('is sought at %s', async (_, change, got) => {
    const { failure } = await migrateUnder(side, change);
    expect(failure).toMatchObject({ code: 'SYS001', next: expect.stringContaining('host, port') });
    expect(failure!.got).toMatch(got);
    await expectCompletes(p);
  });

  test('lacks a table of the map', async () => {
    const table = side === 'source' ? 'doctor' : 'doctors';
    await during(p, side, [`ALTER TABLE ${table} RENAME TO gone`, `ALTER TABLE gone RENAME TO ${table}`], async () => {
      const { failure } = await p.migrateAround({});
      expect(failure).toMatchObject({
        code: 'SYS002',
        got: expect.stringContaining(`public.${table}`),
        next: expect.stringContaining('validate-config'),
      });
    });
    await expectCompletes(p);
  });

  test('lacks a table when the run has begun', async () => {
    const table = side === 'source' ? 'doctor' : 'doctors';
    const failed = await p.migrateAround({
      PrepareEntity: async (input, go) => {
        if (input['entity'] === 'doctors') await p.run(side, `ALTER TABLE ${table} RENAME TO gone`);
        return go();
      },
    });
    await p.run(side, `ALTER TABLE gone RENAME TO ${table}`);
    expect(failed.failure).toMatchObject({ code: 'M015', message: expect.stringContaining('doctors') });
    await expectCompletes(p);
  });
});

describe('a right that is missing', () => {
  const asRole = { username: ROLE, password: 'right' };

  test('on a table of the source is named before anything is written', async () => {
    await p.run('source', `GRANT SELECT ON office TO ${ROLE}`);
    const { failure } = await migrateUnder('source', asRole);
    expect(failure).toMatchObject({
      code: 'SYS002',
      message: expect.stringContaining('permission denied for table doctor'),
      next: expect.stringContaining('validate-config'),
    });
    expect(await p.value('SELECT count(*) FROM offices')).toBe('0');
    await p.run('source', `GRANT SELECT ON doctor TO ${ROLE}`);
    expect((await migrateUnder('source', asRole)).output).toMatchObject({ status: 'completed' });
    await expectComplete(p);
  });

  test('on a table of the target is named; what did not need it is done', async () => {
    await p.run(
      'target',
      `GRANT ALL ON offices TO ${ROLE}; GRANT SELECT, UPDATE ON doctors TO ${ROLE};
       DO $$ DECLARE name text; BEGIN
         EXECUTE format('GRANT ALL ON DATABASE %I TO ${ROLE}', current_database());
         ALTER SCHEMA portage OWNER TO ${ROLE};
         FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'portage'::regnamespace AND relkind IN ('r', 'p', 'v') LOOP
           EXECUTE 'ALTER TABLE ' || name || ' OWNER TO ${ROLE}';
         END LOOP;
       END $$`,
    );
    expect((await migrateUnder('target', asRole)).failure).toMatchObject({
      code: 'SYS007',
      message: expect.stringContaining('permission denied for table doctors'),
      next: expect.stringContaining('test-connections --verbose'),
    });
    expect(await p.rows('SELECT (SELECT count(*) FROM offices) AS o, (SELECT count(*) FROM doctors) AS d')).toEqual([
      { o: '2', d: '0' },
    ]);
    await p.run('target', `GRANT INSERT ON doctors TO ${ROLE}`);
    expect((await migrateUnder('target', asRole)).output).toMatchObject({ status: 'completed' });
    await expectComplete(p);
  });

  test('to pass row level security is an error, where a filter would lose rows', async () => {
    await p.run('source', `GRANT SELECT ON office, doctor TO ${ROLE}`);
    await during(
      p,
      'source',
      [
        'ALTER TABLE doctor ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON doctor USING (doc_no % 2 = 0)',
        'DROP POLICY half ON doctor; ALTER TABLE doctor DISABLE ROW LEVEL SECURITY',
      ],
      async () => {
        const { failure } = await migrateUnder('source', asRole);
        expect(failure).toMatchObject({
          code: 'SYS002',
          got: 'a role without BYPASSRLS',
          message: expect.stringContaining('row level security of public.doctor would hide rows'),
        });
        expect(await p.value('SELECT count(*) FROM doctors')).toBe('0');
      },
    );
    await expectCompletes(p);
  });

  test('that is taken away while the run goes on ends it, and a filter hides no row from it', async () => {
    await p.run('source', `GRANT SELECT ON office, doctor TO ${ROLE}`);
    const back = 'ALTER TABLE doctor DISABLE ROW LEVEL SECURITY';
    const { failure } = await migrateUnder('source', asRole, {
      MigrateSlice: async (input, go) => {
        if (input['entity'] === 'doctors') await p.run('source', 'ALTER TABLE doctor ENABLE ROW LEVEL SECURITY');
        return go();
      },
    });
    await p.run('source', back);
    expect(failure).toMatchObject({ code: 'SYS007', message: expect.stringContaining('row-level security policy') });
    await expectCompletes(p);
  });
});
