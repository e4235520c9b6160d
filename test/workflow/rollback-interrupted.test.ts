// A rollback that dies, stops, or is begun twice: nothing is taken back twice, and nothing is left.
import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { closeDependencies } from '../../functions/dependencies.ts';
import { trials } from '../campaign/size.ts';
import type { Around } from '../support/portage.ts';
import { hospitalRuns } from '../support/hospital-runs.ts';
import { rollbackOf, same, snapshot, type Snapshot } from '../support/rolled-back.ts';

const { p } = hospitalRuns();

const CHANGES = `INSERT INTO ward VALUES (11, 'Ward 11'); INSERT INTO nurse VALUES (41, 'New', 11, 42), (42, 'Newer', 11, NULL);
  UPDATE nurse SET nm = 'Renamed', ward_no = 11 WHERE nurse_no < 9; DELETE FROM shift WHERE nurse_no = 37; DELETE FROM drug WHERE code = '007'`;

/** A migration in many small batches, and what the target was before. */
async function migrated(): Promise<{ before: Snapshot; operationId: string }> {
  const before = await snapshot(p());
  await p().run('source', CHANGES);
  const run = await p().migrate({ batchSize: 4 });
  return { before, operationId: run.output!.operationId };
}

/** Counts the statements of the work, and at the n-th cuts the connection and calls `kill`. */
async function counting(n: number, kill: () => void, work: () => Promise<unknown>): Promise<number> {
  const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const query = client.query;
  let sent = 0;
  client.query = function (this: { connection: { stream: { destroy(): void } } }, ...args: unknown[]) {
    if (++sent === n) {
      kill();
      this.connection.stream.destroy();
    }
    return query.apply(this, args);
  };
  try {
    await work().catch(() => undefined);
  } finally {
    client.query = query;
  }
  return sent;
}

/** The rollback, dead at its n-th statement; gives how many it sent. */
async function deadAt(n: number, operationId: string): Promise<number> {
  let kill = (): void => undefined;
  const killable: Around = (_input, go, die) => {
    kill = die;
    return go();
  };
  const states = { PlanRecovery: killable, RollbackSlice: killable, FinishRecovery: killable };
  await closeDependencies();
  const sent = await counting(
    n,
    () => kill(),
    () => p().recover(rollbackOf(operationId), states),
  );
  await closeDependencies();
  return sent;
}

describe('a rollback that is killed', () => {
  test.each(['PlanRecovery', 'RollbackSlice', 'FinishRecovery'])(
    'before or after %s goes on where it was',
    async (state) => {
      const { before, operationId } = await migrated();
      await p().recover(rollbackOf(operationId), {
        [state]: async (_input, _go, kill) => {
          kill();
          throw new Error('killed');
        },
      });
      await p().passTime(120);
      await p().recover(rollbackOf(operationId), {
        [state]: async (_input, go, kill) => {
          await go();
          kill();
          throw new Error('killed');
        },
      });
      await p().passTime(120);
      const last = await p().rollback(operationId);
      if (state === 'FinishRecovery') expect(last.output!.notes.join()).toContain('was taken back already');
      else expect(last.output).toMatchObject({ status: 'completed', keptRows: 0 });
      same(await snapshot(p()), before);
      expect(await p().value("SELECT count(*) FROM operations WHERE operation_type = 'rollback'")).toBe('1');
    },
  );

  test('at any statement goes on where it was', async () => {
    const first = await migrated();
    const all = await deadAt(Infinity, first.operationId);
    const points = trials(60, 3);
    for (let i = 0; i < points; i++) {
      await p().migrate();
      const operationId = (await p().value(
        "SELECT operation_id FROM operations WHERE operation_type = 'differential_migration' ORDER BY operation_no DESC LIMIT 1",
      ))!;
      const at = 5 + Math.floor((i * (all - 5)) / points);
      expect(await deadAt(at, operationId)).toBeGreaterThanOrEqual(at);
      await p().passTime(120);
      const last = await p().rollback(operationId);
      expect(last).toMatchObject({ failure: null, output: { status: 'completed', keptRows: 0 } });
      same(await snapshot(p()), first.before);
    }
  });
});

describe('two rollbacks of one operation', () => {
  test('the second is refused while the first is at work', async () => {
    const { before, operationId } = await migrated();
    let second: unknown;
    const first = await p().recover(rollbackOf(operationId), {
      RollbackSlice: async (_input, go) => {
        second ??= (await p().rollback(operationId)).failure;
        return go();
      },
    });
    expect(second).toMatchObject({ code: 'M001', message: 'a rollback of it is running' });
    expect(first.output).toMatchObject({ status: 'completed' });
    same(await snapshot(p()), before);
  });

  test('nor may a migration begin in between', async () => {
    const { operationId } = await migrated();
    let migration: unknown;
    await p().recover(rollbackOf(operationId), {
      RollbackSlice: async (_input, go) => {
        const done = await go();
        migration ??= (await p().migrate()).failure;
        return done;
      },
    });
    expect(migration).toMatchObject({ code: 'M001' });
  });
});

test('a rollback that is asked to stop ends at its next batch border, and the same command continues it', async () => {
  const { before, operationId } = await migrated();
  const stopped = await p().recover(rollbackOf(operationId), {
    RollbackSlice: async (_input, go) => {
      await p().run(
        'target',
        "UPDATE portage.operations SET stop_requested_at = now() WHERE operation_type = 'rollback'",
      );
      return go();
    },
  });
  expect(stopped.output).toMatchObject({ status: 'stopped' });
  const rest = await p().rollback(operationId);
  expect(rest.output).toMatchObject({ status: 'completed' });
  expect(rest.output!.notes.join()).toContain('which was interrupted');
  same(await snapshot(p()), before);
});
