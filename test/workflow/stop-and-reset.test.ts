// Who owns an entity, and how it is taken from him: stopping, holding, resetting and completing, on runs in other processes.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completeCheckpointAnswer } from '../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import { forceCompleteCheckpointAnswer } from '../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import { resetCheckpointAnswer } from '../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import { stopAllOperationsAnswer } from '../../shared/operations/migration-analyzer/stop-all-operations.ts';
import { ask, refused } from '../support/inspect.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const STOP = 'migration-analyzer stop-all-operations';
const RESET = 'migration-analyzer reset-checkpoint';
const COMPLETE = 'migration-analyzer complete-checkpoint';
const FORCE_COMPLETE = 'migration-analyzer force-complete-checkpoint';
const PROGRAM = join(import.meta.dirname, '../../cli/portage.js');
const ROWS = 2000;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, ${ROWS}) n`,
    SURGERY_TARGET,
    surgery,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.empty();
  await p.run('target', "DELETE FROM portage.settings WHERE name = 'hold'");
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Ended {
  readonly exit: number | null;
  readonly answer: { readonly status?: string; readonly notes?: string[]; readonly error?: { readonly code: string } };
}

/** A command in a process of its own; it is at work when this returns. */
async function elsewhere(
  ...words: string[]
): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Ended> }> {
  const child = spawn(process.execPath, [PROGRAM, ...words, '--json'], {
    env: { ...process.env, PORTAGE_LOG_DIR: join(process.env['PORTAGE_MAP']!, '../logs') },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()));
  const ended = new Promise<Ended>((done) =>
    child.once('close', (exit) => done({ exit, answer: JSON.parse(out || '{}') as Ended['answer'] })),
  );
  return { child, ended };
}

async function soon(condition: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error('it did not come to that within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isTrue = async (sql: string): Promise<boolean> => (await p.value(`SELECT (${sql})::text`)) === 'true';
const MIGRATE = ['differential-migration', 'migrate', '--sequential', '--batch-size'];
/** A migration elsewhere that has written doctors and is not done: it writes five rows at a time. */
const atWork = async (): ReturnType<typeof elsewhere> => {
  const running = await elsewhere(...MIGRATE, '5');
  await soon(() => isTrue('EXISTS (SELECT FROM doctors)'));
  return running;
};
/** One that stands still in the middle of a batch: somebody else is inserting the same row. */
async function stuck(work: (running: Awaited<ReturnType<typeof elsewhere>>) => Promise<void>): Promise<void> {
  await p.run('target', "BEGIN; INSERT INTO offices VALUES (gen_random_uuid(), 2, 'theirs')");
  try {
    const running = await elsewhere(...MIGRATE, '1');
    await soon(() =>
      isTrue(
        "EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'portage:diff%' AND wait_event_type = 'Lock')",
      ),
    );
    await work(running);
  } finally {
    await p.run('target', 'ROLLBACK');
  }
}

const failure = Object.assign(new Error('injected'), { name: 'SYS007' });
/** Fails in the slice of doctors after its first batches were written, or before. */
const failsInDoctors =
  (after: boolean): Around =>
  async (input, go) => {
    if (input['entity'] !== 'doctors') return go();
    if (after) await go();
    throw failure;
  };
const statuses = async (): Promise<Record<string, string | null>> =>
  Object.fromEntries(
    (await p.rows('SELECT entity_type, status FROM migration_checkpoints ORDER BY created_at')).map((row) => [
      row['entity_type'],
      row['status'],
    ]),
  );

async function expectComplete(): Promise<void> {
  expect(await p.rows('SELECT count(*) AS rows, count(DISTINCT legacy_id) AS numbers FROM doctors')).toEqual([
    { rows: String(ROWS), numbers: String(ROWS) },
  ]);
  expect((await p.migrate()).output).toMatchObject({
    status: 'completed',
    entities: { doctors: { unchanged: ROWS, inserted: 0, updated: 0 } },
  });
}

describe('stop-all-operations', () => {
  test('says that nothing runs', async () => {
    const { answer, exit } = await ask(stopAllOperationsAnswer, STOP);
    expect(answer).toMatchObject({ operations: [], hold: null });
    expect(exit).toBe(0);
  });

  test('gracefully ends a migration of another process at a batch border, and it is resumed', async () => {
    const running = await atWork();
    const dry = await ask(stopAllOperationsAnswer, STOP, { dryRun: true });
    expect(dry.answer.operations).toMatchObject([{ entities: ['doctors'], status: 'running', fencedOff: false }]);
    const { answer } = await ask(stopAllOperationsAnswer, STOP);
    expect(answer.operations).toMatchObject([{ status: 'stopped', fencedOff: false }]);
    expect(await running.ended).toMatchObject({ exit: 3, answer: { status: 'stopped' } });
    const rows = Number(await p.value('SELECT count(*) FROM doctors'));
    expect(rows).toBeLessThan(ROWS);
    expect(rows % 5).toBe(0);
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });

  test('gracefully ends what a killed process left behind, long before its lease ends', async () => {
    const running = await atWork();
    running.child.kill('SIGKILL');
    await running.ended;
    expect((await p.resume()).failure).toMatchObject({
      code: 'M001',
      got: expect.stringMatching(/its lease ends in \d+ s/),
    });
    const { answer } = await ask(stopAllOperationsAnswer, STOP);
    expect(answer.operations).toMatchObject([{ status: 'stopped', fencedOff: true }]);
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });

  test('with force ends a worker within its batch, whose write is lost, and whose process touches nothing more', async () => {
    await stuck(async (running) => {
      const since = Date.now();
      const { answer } = await ask(stopAllOperationsAnswer, STOP, { force: true });
      expect(Date.now() - since).toBeLessThan(5000);
      expect(answer.operations).toMatchObject([{ status: 'stopped', fencedOff: true }]);
      expect(answer.operations[0]!.sessionsEnded).toBeGreaterThan(0);
      // Another takes the operation up while the first process still winds down.
      await p.run('target', 'ROLLBACK');
      const resumed = await p.resume();
      expect(await running.ended).toMatchObject({ exit: 3 });
      expect(resumed.output).toMatchObject({ status: 'completed' });
    });
    expect(await p.value("SELECT array_to_string(notes, ';') FROM operations")).not.toContain('failed');
    await expectComplete();
  });

  test('--hold lets nothing begin until resume-all, which continues what was stopped', async () => {
    const running = await atWork();
    const { answer } = await ask(stopAllOperationsAnswer, STOP, { hold: true });
    expect(answer.hold).toMatch(/UTC by /);
    await running.ended;
    const held = {
      code: 'M016',
      got: expect.stringContaining('held since'),
      next: expect.stringContaining('resume-all'),
    };
    expect((await p.migrate()).failure).toMatchObject(held);
    expect((await p.resume()).failure).toMatchObject(held);
    expect((await p.migrate({ dryRun: true })).output).toMatchObject({ dryRun: true });

    const resumed = await (await p.start({ command: 'migration-analyzer resume-all' })).wait();
    expect(resumed.output).toMatchObject({
      status: 'completed',
      notes: expect.arrayContaining(['the hold is lifted']),
    });
    await expectComplete();
    const again = await (await p.start({ command: 'migration-analyzer resume-all' })).wait();
    expect(again.output).toMatchObject({ status: 'completed', notes: ['nothing to resume'] });
  });
});

describe('reset-checkpoint', () => {
  test('is refused while its owner lives, and with --force shuts him out', async () => {
    await stuck(async (running) => {
      const no = await refused(RESET, { entity: ['offices'] });
      expect(no).toMatchObject({ code: 'M001', exit: 3, next: expect.stringContaining('--force') });
      expect(no.got).toMatch(/its lease ends in \d+ s/);
      const { answer } = await ask(resetCheckpointAnswer, RESET, { entity: ['offices'], force: true });
      expect(answer.checkpoints).toMatchObject([{ entity: 'offices', before: 'in_progress', fencedOff: true }]);
      await p.run('target', 'ROLLBACK');
      expect(await running.ended).toMatchObject({ exit: 3 });
    });
    expect(await p.value("SELECT count(*) FROM offices WHERE name = 'South'")).toBe('0');
    expect((await statuses())['offices']).toBe('superseded');
    expect((await p.migrate()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });

  test('clears an interrupted one once; a new run begins anew, and the interrupted one goes on without it', async () => {
    await p.migrateAround({ MigrateSlice: failsInDoctors(true) });
    expect(await statuses()).toEqual({ offices: 'completed', doctors: 'failed' });
    const flags = { entity: ['doctors'], operation: 'differential_migration' };
    const dry = await ask(resetCheckpointAnswer, RESET, { ...flags, dryRun: true });
    expect(dry.answer.checkpoints).toMatchObject([{ before: 'failed' }]);
    expect((await statuses())['doctors']).toBe('failed');
    const first = await ask(resetCheckpointAnswer, RESET, flags);
    expect(first.answer.checkpoints).toMatchObject([{ entity: 'doctors', before: 'failed', after: 'superseded' }]);
    expect((await ask(resetCheckpointAnswer, RESET, flags)).answer.checkpoints).toEqual([]);
    expect((await p.resume()).output).toMatchObject({ notes: ['nothing to resume'] });
    expect((await p.migrate()).output).toMatchObject({ status: 'completed' });
    expect(await p.value('SELECT count(*) FROM operations')).toBe('2');
    await expectComplete();
  });

  test('names what it does not know', async () => {
    expect(await refused(RESET, { entity: ['docters'] })).toMatchObject({ code: 'SYS002', exit: 2 });
    expect(await refused(RESET, { entity: ['doctors'], operation: 'migration' })).toMatchObject({ exit: 2 });
    expect((await ask(resetCheckpointAnswer, RESET, { entity: ['doctors'] })).answer.checkpoints).toEqual([]);
  });
});

describe('complete-checkpoint', () => {
  test('refuses with the keys that are missing, and completes when they are there', async () => {
    await p.migrateAround({ MigrateSlice: failsInDoctors(true) });
    await p.run('source', `INSERT INTO doctor VALUES (${ROWS + 1}, 'Late', 1, 1)`);
    const flags = { entity: ['doctors'] };
    const no = await ask(completeCheckpointAnswer, COMPLETE, flags);
    expect(no.exit).toBe(1);
    expect(no.answer.checkpoints).toMatchObject([
      {
        after: 'failed',
        proof: { proved: false, sourceKeys: ROWS + 1, counts: { missing: 1 }, named: { missing: [String(ROWS + 1)] } },
      },
    ]);
    expect((await statuses())['doctors']).toBe('failed');

    await p.run('source', `DELETE FROM doctor WHERE doc_no = ${ROWS + 1}`);
    const yes = await ask(completeCheckpointAnswer, COMPLETE, flags);
    expect(yes.exit).toBe(0);
    expect(yes.answer.checkpoints).toMatchObject([
      { before: 'failed', after: 'completed', proof: { counts: { mapped: ROWS } } },
    ]);
    expect(await p.value('SELECT status FROM operations')).toBe('completed');
    const again = await ask(completeCheckpointAnswer, COMPLETE, flags);
    expect(again.answer.checkpoints).toMatchObject([{ after: 'completed', proof: null }]);
    await expectComplete();
  });

  test('counts a row that is set aside, by name, and one whose base is gone as missing its base', async () => {
    await p.run('source', 'UPDATE doctor SET office_no = 77 WHERE doc_no = 30');
    await p.migrate();
    await p.run('target', "UPDATE portage.migration_checkpoints SET status = 'stopped' WHERE entity_type = 'doctors'");
    await p.run('target', 'UPDATE portage.uuid_mappings SET target_hash = NULL WHERE legacy_id = 31');
    const { answer, exit } = await ask(completeCheckpointAnswer, COMPLETE, { entity: ['doctors'] });
    await p.run('source', 'UPDATE doctor SET office_no = 1 WHERE doc_no = 30');
    expect(exit).toBe(1);
    expect(answer.checkpoints[0]!.proof).toMatchObject({
      counts: { setAside: 1, withoutBase: 1, missing: 0 },
      named: { setAside: ['30'], withoutBase: ['31'] },
    });
  });

  test('is refused without a checkpoint, and while the owner lives', async () => {
    expect(await refused(COMPLETE, { entity: ['doctors'] })).toMatchObject({ code: 'SYS002', exit: 2 });
    await stuck(async () => {
      expect(await refused(COMPLETE, { entity: ['offices'] })).toMatchObject({ code: 'M001' });
      const id = await p.value("SELECT id FROM migration_checkpoints WHERE entity_type = 'offices'");
      expect(await refused(FORCE_COMPLETE, { id })).toMatchObject({ code: 'M001' });
    });
  });
});

test('force-complete-checkpoint marks what no batch has covered, and the next migration carries it', async () => {
  await p.migrateAround({ MigrateSlice: failsInDoctors(false) });
  const id = await p.value("SELECT id FROM migration_checkpoints WHERE entity_type = 'doctors'");
  const dry = await ask(forceCompleteCheckpointAnswer, FORCE_COMPLETE, { id, dryRun: true });
  expect(dry.answer.unverified).toEqual([{ slice: 0, from: null, to: null }]);
  expect((await statuses())['doctors']).toBe('failed');
  const { answer } = await ask(forceCompleteCheckpointAnswer, FORCE_COMPLETE, { id });
  expect(answer).toMatchObject({ before: 'failed', after: 'completed_unverified' });
  expect(answer.unverified.length).toBeGreaterThan(0);
  expect(
    JSON.parse((await p.value("SELECT unverified FROM migration_checkpoints WHERE entity_type = 'doctors'"))!),
  ).toEqual(answer.unverified);
  expect(await p.value('SELECT status FROM operations')).toBe('completed_with_findings');
  expect((await p.resume()).output).toMatchObject({ notes: ['nothing to resume'] });
  expect(await refused(FORCE_COMPLETE, { id: '00000000-0000-4000-8000-000000000000' })).toMatchObject({ exit: 2 });
  expect((await p.migrate()).output).toMatchObject({ entities: { doctors: { inserted: ROWS } } });
  await expectComplete();
});

describe('reset-entity', () => {
  const reset = async (more: Record<string, unknown> = {}): ReturnType<Portage['migrate']> =>
    (
      await p.start({ command: 'differential-migration reset-entity', entity: ['doctors'], fullResync: true, ...more })
    ).wait();

  test('says how many edits it overwrites, does so, and keeps mappings and undo log; twice changes nothing more', async () => {
    await p.migrate();
    await p.run(
      'target',
      "UPDATE doctors SET note = 'edited' WHERE legacy_id IN (1, 2); DELETE FROM doctors WHERE legacy_id = 1000",
    );
    await p.migrate();
    const ids = await p.value(
      'SELECT md5(string_agg(target_uuid::text, legacy_id::text ORDER BY legacy_id)) FROM uuid_mappings',
    );
    const said = expect.arrayContaining([
      expect.stringMatching(/^doctors: 2 rows edited and 1 row deleted in the target/),
    ]);
    const dry = await reset({ dryRun: true });
    expect(dry.output).toMatchObject({ dryRun: true, notes: said, entities: { doctors: { updated: 2 } } });
    expect(await p.value('SELECT count(*) FROM data_differentials WHERE NOT resolved')).toBe('3');

    const done = await reset();
    expect(done.output).toMatchObject({ status: 'completed', notes: said });
    expect(await p.value("SELECT count(*) FROM doctors WHERE note = 'edited'")).toBe('0');
    expect(await p.value('SELECT count(*) FROM data_differentials WHERE NOT resolved')).toBe('0');
    expect(await p.value("SELECT count(*) FROM undo_log WHERE before ->> 'note' = 'edited'")).toBe('2');
    expect(
      await p.value('SELECT md5(string_agg(target_uuid::text, legacy_id::text ORDER BY legacy_id)) FROM uuid_mappings'),
    ).toBe(ids);
    const again = await reset();
    expect(again.output).toMatchObject({
      status: 'completed',
      notes: expect.arrayContaining([expect.stringMatching(/^doctors: 0 rows edited and 0 rows deleted/)]),
      entities: { doctors: { updated: 0, inserted: 0 } },
    });
    await expectComplete();
  });

  test('is refused while somebody migrates the entity', async () => {
    let no: Awaited<ReturnType<Portage['migrate']>> | undefined;
    await p.migrateAround({
      LinkReferences: async (_, go) => {
        no ??= await reset();
        return go();
      },
    });
    expect(no!.failure).toMatchObject({ code: 'M001' });
    await expectComplete();
  });
});
