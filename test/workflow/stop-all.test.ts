// Everything that runs is stopped, in other processes too; nothing is lost, and nothing begins while operations are held.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stopAllOperationsAnswer } from '../../shared/operations/migration-analyzer/stop-all-operations.ts';
import { others, type Others } from '../support/elsewhere.ts';
import { ask, refused, under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const STOP = 'migration-analyzer stop-all-operations';
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
beforeEach(async () => {
  await p.empty();
  await p.run('target', "DELETE FROM portage.settings WHERE name = 'hold'");
});
afterEach(() => other.end());

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
    const running = await other.atWork();
    const dry = await ask(stopAllOperationsAnswer, STOP, { dryRun: true });
    expect(dry.answer.operations).toMatchObject([{ entities: ['doctors'], status: 'running', fencedOff: false }]);
    const { answer } = await ask(stopAllOperationsAnswer, STOP);
    expect(answer.operations).toMatchObject([{ status: 'stopped', fencedOff: false }]);
    expect(await running.ended).toMatchObject({ exit: 3, answer: { status: 'stopped' } });
    const rows = Number(await p.value('SELECT count(*) FROM doctors'));
    expect(rows).toBeLessThan(ROWS);
    expect(rows % 20).toBe(0);
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    await expectComplete();
  });

  test('gracefully ends what a killed process left behind, long before its lease ends', async () => {
    const running = await other.atWork();
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
    await other.stuck(async (running, letGo) => {
      // Asked gracefully, it hangs: that is said, with what helps.
      const late = await under({ PORTAGE_STEP_BUDGET_MS: '300' }, () => refused(STOP));
      expect(late).toMatchObject({ code: 'SYS005', exit: 3, next: expect.stringContaining('--force') });
      const since = Date.now();
      const { answer } = await ask(stopAllOperationsAnswer, STOP, { force: true });
      expect(Date.now() - since).toBeLessThan(5000);
      expect(answer.operations).toMatchObject([{ status: 'stopped', fencedOff: true }]);
      expect(answer.operations[0]!.sessionsEnded).toBeGreaterThan(0);
      // Another takes the operation up while the first process still winds down.
      await letGo();
      const resumed = await p.resume();
      expect(await running.ended).toMatchObject({ exit: 3 });
      expect(resumed.output).toMatchObject({ status: 'completed' });
    });
    expect(await p.value("SELECT array_to_string(notes, ';') FROM operations")).not.toContain('failed');
    await expectComplete();
  });

  test('--hold lets nothing begin until resume-all, which continues what was stopped', async () => {
    const running = await other.atWork();
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
