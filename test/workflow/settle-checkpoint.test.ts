// A checkpoint is taken from its owner, cleared, or completed, with proof and without.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completeCheckpointAnswer } from '../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import { forceCompleteCheckpointAnswer } from '../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import { resetCheckpointAnswer } from '../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import { others, type Others } from '../support/elsewhere.ts';
import { ask, refused } from '../support/inspect.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const RESET = 'migration-analyzer reset-checkpoint';
const COMPLETE = 'migration-analyzer complete-checkpoint';
const FORCE_COMPLETE = 'migration-analyzer force-complete-checkpoint';
const ROWS = 2000;

let p: Portage;
let other: Others;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, ${ROWS}) n`,
    SURGERY_TARGET,
    surgery,
  );
  other = others(p);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());
afterEach(() => other.end());

const failure = Object.assign(new Error('injected'), { name: 'SYS007' });
/** Fails in the slice of doctors after its first batches were written, or before. */
const failsInDoctors =
  (after: boolean): Around =>
  async (input, go) => {
    if (after || input['entity'] !== 'doctors') {
      const done: unknown = await go();
      if (input['entity'] !== 'doctors') return done;
    }
    throw failure;
  };
const statuses = async (): Promise<Record<string, string | null>> =>
  Object.fromEntries(
    (await p.rows('SELECT entity_type, status FROM migration_checkpoints ORDER BY created_at')).map((row) => [
      row['entity_type'] ?? '',
      row['status'] ?? null,
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

describe('reset-checkpoint', () => {
  test('is refused while its owner lives, and with --force shuts him out', async () => {
    await other.stuck(async (running, letGo) => {
      const no = await refused(RESET, { entity: ['offices'] });
      expect(no).toMatchObject({ code: 'M001', exit: 3, next: expect.stringContaining('--force') });
      expect(no.got).toMatch(/its lease ends in \d+ s/);
      const { answer } = await ask(resetCheckpointAnswer, RESET, { entity: ['offices'], force: true });
      expect(answer.checkpoints).toMatchObject([{ entity: 'offices', before: 'in_progress', fencedOff: true }]);
      await letGo();
      expect(await running.ended).toMatchObject({ exit: 3 });
    });
    expect(await p.value('SELECT count(*) FROM offices')).toBe('0');
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
    await other.stuck(async () => {
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
