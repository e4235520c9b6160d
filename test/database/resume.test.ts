// What an interrupted migration leaves, and what may be done about it (SEMANTICS 21).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isSameDatabase, readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { mapHash } from '../../shared/database/engine/load-entities.ts';
import { sizing } from '../../shared/database/engine/sizing.ts';
import { allRows, workRange } from '../../shared/database/engine/work-range.ts';
import { endCheckpoint } from '../../shared/database/ledger/checkpoints.ts';
import { endOperation } from '../../shared/database/ledger/operations.ts';
import { interruptedOperation, planResume } from '../../shared/database/ledger/resume.ts';
import { createScratch } from '../../shared/database/sql/scratch.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ALL = {
  names: ['offices', 'doctors'],
  all: true,
  mapHash: mapHash(surgery),
  sourceDatabase: '',
  leaseSeconds: 60,
};
const named = (...names: string[]) => ({ ...ALL, names, all: false });

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(() => p.end());
beforeEach(() => p.reset());

const plan = async (request = ALL) =>
  planResume(p.target, p.loaded, { ...request, sourceDatabase: await readDatabaseIdentity(p.source) });
/** An operation that ended with offices complete and doctors as given. */
async function ended(doctors: 'stopped' | 'failed' | 'completed') {
  const operation = await p.operation();
  for (const [entity, status] of [
    ['offices', 'completed'],
    ['doctors', doctors],
  ] as const) {
    const checkpoint = await p.claim(operation, entity);
    await endCheckpoint(p.target, checkpoint.id, checkpoint.fence, status, null);
  }
  await endOperation(p.target, operation.operationId, doctors, {}, null);
  return operation;
}

test('where nothing was ever begun, everything is nothing to resume and a name is an error', async () => {
  expect(await plan()).toBeNull();
  await expect(plan(named('doctors'))).rejects.toMatchObject({
    code: 'M005',
    message: expect.stringContaining('no checkpoint of doctors'),
    facts: { where: 'doctors' },
  });
});

test('a migration that completed is nothing to resume, by all and by name', async () => {
  await ended('completed');
  expect(await plan()).toBeNull();
  expect(await plan(named('doctors'))).toBeNull();
});

test.each(['stopped', 'failed'] as const)(
  'one that %s goes on with the entities that it did not complete',
  async (status) => {
    const operation = await ended(status);
    const resumed = await plan();
    expect(resumed).toMatchObject({ operation: { operationId: operation.operationId }, entities: ['doctors'] });
    expect(await plan(named('doctors'))).toMatchObject({ entities: ['doctors'] });
    expect(await plan(named('offices'))).toBeNull();
  },
);

test('only the newest migration of a map is resumed', async () => {
  await ended('stopped');
  await ended('completed');
  expect(await plan()).toBeNull();
});

describe('one that was killed', () => {
  const killed = async (secondsAgo: number) => {
    const operation = await p.operation();
    await p.claim(operation, 'offices');
    await p.target.run(
      `UPDATE portage.workers SET heartbeat_at = heartbeat_at - interval '${secondsAgo} s';
       UPDATE portage.operations SET started_at = started_at - interval '${secondsAgo} s'`,
    );
    return operation;
  };

  test('is alive until its lease has run out', async () => {
    await killed(30);
    await expect(plan()).rejects.toMatchObject({
      code: 'M001',
      facts: { got: expect.stringMatching(/last heartbeat 30 s ago, its lease ends in (29|30) s/) },
    });
  });

  test('is resumed after its lease', async () => {
    const operation = await killed(90);
    expect(await plan()).toMatchObject({
      operation: { operationId: operation.operationId },
      entities: ['offices', 'doctors'],
    });
    const interrupted = await interruptedOperation(p.target, 'surgery', ['offices'], 60);
    expect(interrupted).toMatchObject({ completed: [] });
  });
});

describe('what changed since', () => {
  test('a map is an obstacle, and the way on is named', async () => {
    await ended('stopped');
    await expect(plan({ ...ALL, mapHash: 'other' })).rejects.toMatchObject({
      code: 'M005',
      facts: { where: 'doctors', next: expect.stringContaining('migrate --entities doctors') },
    });
  });

  test('so is a schema, of that entity alone', async () => {
    await ended('stopped');
    await p.target.run("UPDATE portage.migration_checkpoints SET catalog_hash = 'old' WHERE entity_type = 'offices'");
    expect(await plan()).toMatchObject({ entities: ['doctors'] });
    await p.target.run("UPDATE portage.migration_checkpoints SET catalog_hash = 'old' WHERE entity_type = 'doctors'");
    await expect(plan()).rejects.toMatchObject({ code: 'M005', message: expect.stringContaining('schema') });
  });

  test('another database is, too: its rows are not those that the checkpoint speaks of', async () => {
    const operation = await ended('stopped');
    await p.target.run(
      `UPDATE portage.operations SET source_database = 'elsewhere' WHERE operation_no = ${operation.operationNo}`,
    );
    await expect(plan()).rejects.toMatchObject({ code: 'M005' });
  });

  test('the same database behind another address is none', () => {
    const at = (address: string, system: string) => `legacy on ${address}:5432${system}`;
    expect(isSameDatabase(at('10.0.0.1', ', system 73'), at('10.0.0.2', ', system 73'))).toBe(true);
    expect(isSameDatabase(at('10.0.0.1', ', system 73'), at('10.0.0.1', ', system 74'))).toBe(false);
    expect(isSameDatabase(at('10.0.0.1', ''), at('10.0.0.1', ''))).toBe(true);
    expect(isSameDatabase(at('10.0.0.1', ''), at('10.0.0.2', ''))).toBe(false);
  });

  test('data are no obstacle', async () => {
    await ended('stopped');
    await p.run('source', "UPDATE doctor SET note = 'x'; INSERT INTO doctor (doc_no, doc_nm) VALUES (21, 'new')");
    expect(await plan()).toMatchObject({ entities: ['doctors'] });
  });

  test('a checkpoint that is damaged is refused', async () => {
    await ended('stopped');
    await p.target.run(
      `UPDATE portage.migration_checkpoints SET slices = '{"not": "slices"}' WHERE entity_type = 'doctors'`,
    );
    await expect(plan()).rejects.toMatchObject({ code: 'M005', facts: { where: 'doctors' } });
  });
});

test('a range that is read and does not get shorter is an error, not a run without an end', async () => {
  const { operation } = await p.work('offices');
  const worker = p.worker(operation, await p.claim(operation, 'doctors'));
  await p.target.run(createScratch(worker.entity));
  // As a server that orders keys otherwise than it compares them.
  const reader = { ...allRows(worker), stage: async () => ({ to: '0', rows: 0, bytes: 0, ms: 0 }) };
  await expect(workRange(worker, { from: '0', to: '9' }, await sizing(worker), reader)).rejects.toMatchObject({
    code: 'M009',
    facts: { where: 'doctors' },
  });
});
