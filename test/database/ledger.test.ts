// The ledger's own tables: how they come to be, how people find them, and what an operation is called.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { applyLedger, LEDGER_VERSION, ledgerVersion } from '../../shared/database/ledger/apply.ts';
import {
  batchLabelAt,
  insertOperation,
  operationIdAt,
  type NewOperation,
} from '../../shared/database/ledger/operations.ts';
import { openSession, type Session } from '../../shared/database/session.ts';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';
import { addressOf } from '../support/sides.ts';

const ALL_VERSIONS = Array.from({ length: LEDGER_VERSION }, (_, i) => i + 1);

let url: string;
const sessions: Session[] = [];
const open = async (): Promise<Session> => {
  const session = await openSession('target', addressOf(url), { applicationName: 'portage:test' });
  sessions.push(session);
  return session;
};

beforeEach(async () => {
  url = await createDatabase('ledger');
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
  await dropDatabase(url);
});

describe('the ledger', () => {
  test('is applied once, and again changes nothing', async () => {
    const session = await open();
    expect(await ledgerVersion(session)).toBe(0);
    expect(await applyLedger(session)).toEqual(ALL_VERSIONS);
    const objects =
      "SELECT count(*) AS objects, max(oid) AS last FROM pg_class WHERE relnamespace = 'portage'::regnamespace";
    const before = await session.one(objects);
    expect(await applyLedger(session)).toEqual([]);
    expect(await session.one(objects)).toEqual(before);
    const applied = await session.rows(
      'SELECT version, file, length(checksum) AS checksum FROM portage.schema_versions ORDER BY version',
    );
    expect(applied[0]).toEqual({ version: '1', file: '0001-ledger.sql', checksum: '64' });
    expect(applied.map((row) => Number(row['version']))).toEqual(ALL_VERSIONS);
  });

  test('is made by one of two sessions that need it at the same moment', async () => {
    const both = [await open(), await open()];
    const applied = await Promise.all(both.map((session) => applyLedger(session)));
    expect(applied.flat()).toEqual(ALL_VERSIONS);
    expect(await ledgerVersion(both[0]!)).toBe(LEDGER_VERSION);
  });

  test('is there as a whole or not at all', async () => {
    const session = await open();
    await session.run('CREATE SCHEMA portage; CREATE TABLE portage.fences (in_the_way integer)');
    await expect(applyLedger(session)).rejects.toMatchObject({ code: 'SYS007' });
    expect(await ledgerVersion(session)).toBe(0);
    expect(await session.one("SELECT to_regclass('portage.operations') AS operations")).toEqual({ operations: null });
  });

  test('that a newer program wrote is refused', async () => {
    const session = await open();
    await applyLedger(session);
    await session.run("INSERT INTO portage.schema_versions (version, file, checksum) VALUES (99, '0099.sql', '')");
    await expect(applyLedger(session)).rejects.toMatchObject({
      code: 'SYS006',
      facts: { got: 'version 99', expected: `at most ${LEDGER_VERSION}` },
    });
  });
});

describe('for the people who look after the database', () => {
  const GUIDE = [
    'SELECT entity_type, operation_type, status, COUNT(*) FROM migration_checkpoints GROUP BY entity_type, operation_type, status ORDER BY entity_type;',
    'SELECT source_table, comparison_type, resolved, COUNT(*) FROM data_differentials GROUP BY source_table, comparison_type, resolved;',
    'SELECT job_name, status, last_run_at, next_run_at FROM synchronization_jobs ORDER BY created_at;',
  ];

  test("the guide's queries run as they are written, in a new session", async () => {
    await applyLedger(await open());
    for (const query of GUIDE) {
      expect(await withClient(url, (client) => client.query(query))).toMatchObject({ rowCount: 0 });
    }
  });

  test('the ledger is last on the search path, so that no table of theirs is hidden', async () => {
    await withClient(url, (client) => client.query('CREATE TABLE public.operations AS SELECT 1 AS theirs'));
    const session = await open();
    await applyLedger(session);
    await applyLedger(session);
    const path = await withClient(url, (client) => client.query<{ search_path: string }>('SHOW search_path'));
    expect(path.rows).toEqual([{ search_path: '"$user", public, portage' }]);
    const theirs = await withClient(url, (client) => client.query('SELECT theirs FROM operations'));
    expect(theirs.rows).toEqual([{ theirs: 1 }]);
  });

  test('a search path of their own is kept in front, whatever its schemas are called', async () => {
    const database = decodeURIComponent(new URL(url).pathname.slice(1));
    await withClient(url, async (client) => {
      await client.query('CREATE SCHEMA "Odd, name"');
      await client.query(`ALTER ROLE postgres IN DATABASE "${database}" SET search_path = "Odd, name", public`);
    });
    await applyLedger(await open());
    const path = await withClient(url, (client) => client.query<{ search_path: string }>('SHOW search_path'));
    expect(path.rows).toEqual([{ search_path: '"Odd, name", public, portage' }]);
  });
});

describe('an operation', () => {
  const now = new Date('2023-12-01T12:34:56.999Z');
  const operation: NewOperation = {
    type: 'differential_migration',
    execution: 'one',
    batchLabel: batchLabelAt(now),
    mapName: 'm',
    mapHash: 'h',
    mode: 'differential',
    request: { entities: 'all' },
    sourceDatabase: 'legacy',
  };

  test('is called by its second in UTC, and by a number where that is taken', async () => {
    const session = await open();
    await applyLedger(session);
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await insertOperation(session, operation, now)).operationId);
    expect(ids).toEqual(['', '_2', '_3'].map((suffix) => `diff_migration_20231201_123456${suffix}`));
    expect(operation.batchLabel).toBe('batch_20231201');
  });

  test('has a name of its own also where several begin in the same second', async () => {
    await applyLedger(await open());
    const each = await Promise.all([1, 2, 3, 4].map(open));
    const begun = await Promise.all(each.map((session) => insertOperation(session, operation, now)));
    expect(new Set(begun.map(({ operationId }) => operationId)).size).toBe(4);
  });

  test.each([
    ['synchronization', 'sync'],
    ['resolution', 'resolve'],
    ['repair', 'repair'],
    ['rollback', 'rollback'],
    ['restore', 'restore'],
    ['backup', 'backup'],
    ['validation', 'validate'],
  ] as const)('of %s begins with %s', (type, prefix) => {
    expect(operationIdAt(type, now)).toBe(`${prefix}_20231201_123456`);
  });
});
