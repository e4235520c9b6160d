// A migration that is cut off anywhere, and what becomes of it: nothing twice, nothing missing.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const NAMES = ['offices', 'doctors'];

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2, CASE WHEN n % 7 = 0 THEN n + 1 END FROM generate_series(21, 500) n`,
    SURGERY_TARGET,
    surgery,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());

const failure = (code: string): Error => Object.assign(new Error('injected'), { name: code });
const fails: Around = async () => {
  throw failure('SYS007');
};
const dies: Around = async (_, go, kill) => {
  const result = await go();
  kill();
  return result;
};
/** The second call alone: the steps of the first entity pass. */
const onCall = (number: number, around: Around): Around => {
  let calls = 0;
  return (input, go, kill) => (++calls === number ? around(input, go, kill) : go());
};

/** Every row is there once, with its references and its mapping, and a run finds nothing to do. */
async function expectComplete(): Promise<void> {
  expect(
    await p.rows(
      'SELECT count(*) AS rows, count(DISTINCT legacy_id) AS numbers, count(boss_id) AS bosses FROM doctors',
    ),
  ).toEqual([{ rows: '500', numbers: '500', bosses: String(9 + 69) }]);
  expect(await p.value('SELECT count(*) FROM uuid_mappings')).toBe('502');
  expect(await p.value('SELECT count(*) FROM pending_references')).toBe('0');
  const again = await p.migrate();
  expect(again.output).toMatchObject({
    status: 'completed',
    entities: { offices: { read: 2, unchanged: 2 }, doctors: { read: 500, unchanged: 500, updated: 0, kept: 0 } },
  });
}

describe('a failure', () => {
  test.each([
    ['as an entity is prepared', 'PrepareEntity'],
    ['in a slice', 'MigrateSlice'],
    ['as references are linked', 'LinkReferences'],
    ['as an entity ends', 'FinishEntity'],
  ])('%s is recorded, keeps what was done, and is resumed', async (_, state) => {
    const failed = await p.migrateAround({ [state]: onCall(2, fails) }, { batchSize: 100 });
    expect(failed.failure).toMatchObject({ code: 'SYS007', message: expect.stringContaining('injected') });
    expect(await p.rows('SELECT status, error_code FROM operations')).toEqual([
      { status: 'failed', error_code: 'SYS007' },
    ]);
    expect(await p.value("SELECT status FROM migration_checkpoints WHERE entity_type = 'offices'")).toBe('completed');

    const resumed = await p.resume();
    expect(resumed).toMatchObject({ status: 'SUCCEEDED', output: { status: 'completed' } });
    expect(Object.keys(resumed.output!.entities).sort()).toEqual(NAMES.toSorted());
    expect(resumed.output!.entities['doctors']).toMatchObject({ read: 500, inserted: 500, setAside: 0 });
    expect(await p.rows('SELECT status, error_code FROM operations')).toEqual([
      { status: 'completed', error_code: null },
    ]);
    await expectComplete();
  });

  test('of an entity keeps its children out, and does not touch others', async () => {
    const failed = await p.migrateAround({ MigrateSlice: onCall(1, fails) });
    expect(failed.failure).toMatchObject({ code: 'SYS007' });
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('0');
    expect(await p.value("SELECT array_to_string(notes, ';') FROM operations")).toMatch(/doctors failed: M008/);
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });

  test.each(['migrate', 'resume'] as const)('of the last step leaves nothing to do but to end: %s', async (by) => {
    const failed = await p.migrateAround({ FinishMigration: fails });
    expect(failed.failure).toMatchObject({ code: 'SYS007' });
    const again = await p[by]();
    expect(again.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 500 } } });
    expect(await p.rows('SELECT status FROM operations')).toEqual([{ status: 'completed' }]);
    await expectComplete();
  });
});

describe('a process that is killed', () => {
  test.each([
    ['after the plan', 'PlanMigration', 1],
    ['after an entity was prepared', 'PrepareEntity', 2],
    ['after a slice', 'MigrateSlice', 2],
    ['after references were linked', 'LinkReferences', 2],
    ['after an entity ended', 'FinishEntity', 1],
  ])('%s leaves an operation that is alive for its lease, and is resumed after it', async (_, state, call) => {
    await p.migrateAround({ [state]: onCall(call, dies) }, { batchSize: 100 });
    expect(await p.value('SELECT status FROM operations')).toBe('running');
    expect((await p.resume()).failure).toMatchObject({ code: 'M001' });
    expect((await p.migrate()).failure).toMatchObject({ code: 'M001' });
    expect(await p.rows('SELECT status FROM operations')).toEqual([{ status: 'running' }]);

    await p.passTime(3600);
    const resumed = await p.resume();
    expect(resumed.output).toMatchObject({ status: 'completed' });
    expect(resumed.output!.entities['doctors']).toMatchObject({ inserted: 500 });
    await expectComplete();
  });

  test('is continued by the same migration, which says so', async () => {
    await p.migrateAround({ MigrateSlice: onCall(2, dies) }, { batchSize: 100 });
    await p.passTime(3600);
    const again = await p.migrate({ batchSize: 100 });
    expect(again.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 500 } } });
    expect(again.output!.notes.join()).toMatch(/continues diff_migration_.*interrupted/);
    await expectComplete();
  });

  test('is superseded by one of another mode, which says so', async () => {
    await p.migrateAround({ MigrateSlice: onCall(2, dies) });
    await p.passTime(3600);
    const other = await p.migrate({ mode: 'full' });
    expect(other.output!.notes.join()).toMatch(/supersedes diff_migration_/);
    expect(
      await p.rows("SELECT status FROM migration_checkpoints WHERE entity_type = 'doctors' ORDER BY created_at"),
    ).toEqual([{ status: 'superseded' }, { status: 'completed' }]);
    await expectComplete();
  });
});

describe('a stop', () => {
  test('takes effect at the border of a batch, and the rest is resumed', async () => {
    let started = 0;
    const execution = await p.start({ command: 'differential-migration migrate', batchSize: 10, sequential: true });
    while (started === 0)
      started = Number(await p.value('SELECT count(*) FROM migration_batches WHERE rows_read = 10'));
    await execution.stop();
    const stopped = await execution.wait();
    expect(stopped).toMatchObject({ status: 'ABORTED', failure: { code: 'M013' } });
    const rows = Number(await p.value('SELECT count(*) FROM doctors'));
    expect(rows % 10).toBe(0);
    expect(await p.rows('SELECT status FROM operations')).toEqual([{ status: 'stopped' }]);
    expect(await p.value("SELECT count(*) FROM migration_checkpoints WHERE status = 'in_progress'")).toBe('0');

    expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 500 } } });
    await expectComplete();
  });

  test('asked for in the ledger ends the migration as stopped', async () => {
    const stopped = await p.migrateAround({
      MigrateSlice: async (input, go) => {
        if (input['entity'] === 'doctors')
          await p.run('target', 'UPDATE portage.operations SET stop_requested_at = now()');
        return go();
      },
    });
    expect(stopped.output ?? stopped.failure).toMatchObject({ status: 'stopped' });
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('0');
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });
});

describe('to resume', () => {
  test('where nothing was interrupted is no failure, and by a name that was never begun it is', async () => {
    expect((await p.resume()).output).toMatchObject({ status: 'completed', notes: ['nothing to resume'] });
    expect((await p.resume(['doctors'])).failure).toMatchObject({ code: 'M005', where: 'doctors' });
    await p.migrate();
    expect((await p.resume(['doctors'])).output).toMatchObject({ notes: ['nothing to resume'] });
  });

  test('under another map is refused with the way on', async () => {
    await p.migrateAround({ MigrateSlice: onCall(2, fails) });
    await p.useMap({
      ...surgery,
      entities: {
        ...surgery.entities,
        doctors: { ...surgery.entities.doctors, where: undefined, conflicts: 'source_wins' },
      },
    } as never);
    const refused = await p.resume();
    await p.useMap(surgery);
    expect(refused.failure).toMatchObject({
      code: 'M005',
      next: expect.stringContaining('migrate --entities doctors'),
    });
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
  });

  test('after the schema changed is refused as well', async () => {
    await p.migrateAround({ MigrateSlice: onCall(2, fails) });
    await p.run('target', 'ALTER TABLE doctors ADD COLUMN fax text');
    expect((await p.resume()).failure).toMatchObject({ code: 'M005', message: expect.stringContaining('schema') });
    const anew = await p.migrate();
    expect(anew.output).toMatchObject({ status: 'completed' });
    expect(anew.output!.notes.join()).toMatch(/supersedes/);
    await expectComplete();
  });

  test('data that changed meanwhile are carried as they are now', async () => {
    await p.migrateAround({ LinkReferences: onCall(2, fails) }, { batchSize: 100 });
    await p.run('source', "UPDATE doctor SET note = 'late' WHERE doc_no IN (3, 480)");
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    const next = await p.migrate();
    expect(next.output!.entities['doctors']).toMatchObject({ updated: 2 });
    await p.run('source', 'UPDATE doctor SET note = NULL WHERE doc_no IN (3, 480)');
    await p.migrate();
    await expectComplete();
  });
});
