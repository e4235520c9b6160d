// Slow runs, brought about on real databases: what is slow is named, and what is advised follows from it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { analyzePerformanceAnswer } from '../../shared/operations/migration-analyzer/analyze-performance.ts';
import { performanceTrendsAnswer } from '../../shared/operations/migration-analyzer/performance-trends.ts';
import { during, trigger } from '../support/faults.ts';
import { ask, refused } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ANALYZE = 'migration-analyzer analyze-performance';
const TRENDS = 'migration-analyzer performance-trends';

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 400) n;
     CREATE FUNCTION slowly(integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1 FROM pg_sleep(0.004)'`,
    SURGERY_TARGET,
    surgery,
  );
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.useMap(surgery);
  if ((await p.value("SELECT to_regclass('portage.operations')")) !== null) await p.empty();
});

const lastRun = async (entity = 'doctors') => {
  const { answer, exit } = await ask(analyzePerformanceAnswer, ANALYZE, { entity: [entity], lastRun: true });
  return { ...answer.runs[0]!, exit };
};

describe('analyze-performance', () => {
  test('says that nothing was ever migrated', async () => {
    const { answer, exit } = await ask(analyzePerformanceAnswer, ANALYZE, { entity: 'all', lastRun: true });
    expect(answer.runs).toEqual([]);
    expect(answer.notes[0]).toMatch(/nothing was ever migrated/);
    expect(exit).toBe(0);
    expect(await refused(ANALYZE, { entity: ['docters'] })).toMatchObject({ code: 'SYS002', exit: 2 });
  });

  test('counts rows, batches and times as the ledger has them', async () => {
    await p.migrate({ batchSize: 50 });
    const run = await lastRun();
    const ledger = await p.rows(
      "SELECT sum(rows_read) AS rows, count(*) AS batches, sum(read_ms) AS read, sum(write_ms) AS write FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id WHERE entity_type = 'doctors'",
    );
    expect(run).toMatchObject({ rows: 400, rowsMoved: 400, written: 400, status: 'completed', exit: 0 });
    expect(run.batchRows.median).toBe(50);
    expect(run.phases).toMatchObject({ readMs: Number(ledger[0]!['read']), writeMs: Number(ledger[0]!['write']) });
    expect(run.memoryBytes!.most).toBeGreaterThan(2 ** 20);
    expect(run.rowsPerSecond).toBeGreaterThan(0);
  });

  test('names the batch in which a trigger took its time', async () => {
    const harm = trigger('IF new.legacy_id = 230 THEN PERFORM pg_sleep(0.6); END IF;');
    await during(p, 'target', harm, async () => {
      await p.migrate({ batchSize: 20, sequential: true });
      const run = await lastRun();
      // On a machine that is busy with other tests another one may be slow too; none is as slow as this.
      const [slow] = run.slowBatches;
      expect(Number(slow!.from)).toBeLessThan(230);
      expect(Number(slow!.to)).toBeGreaterThanOrEqual(230);
      expect(slow!.writeMs).toBeGreaterThanOrEqual(600);
      expect(slow!.writeMs).toBeGreaterThan(run.batchMs.median * 3);
      expect(run.advice.join('\n')).toMatch(/wait while they write/);
    });
  });

  test('finds that writing is the bottleneck where every row fires a slow trigger, and names it', async () => {
    await during(p, 'target', trigger('PERFORM pg_sleep(0.005);'), async () => {
      await p.migrate({ batchSize: 100 });
      const run = await lastRun();
      expect(run.bottleneck).toBe('writing');
      expect(run.shares.write).toBeGreaterThan(50);
      expect(run.advice.join('\n')).toMatch(/fires strike for every row/);
    });
  });

  test('finds that reading is the bottleneck where the map calls a slow function', async () => {
    const { doctors } = surgery.entities;
    const columns = { ...doctors.columns, fee: { sql: 'public.slowly(s.doc_no)' } };
    await p.useMap({ ...surgery, entities: { ...surgery.entities, doctors: { ...doctors, columns } } });
    await p.migrate({ batchSize: 100 });
    const run = await lastRun();
    expect(run.bottleneck).toBe('reading');
    expect(run.advice.join('\n')).toMatch(/explain --entity doctors/);
  });

  test('tells rows of equal ranges from rows that were moved', async () => {
    await p.migrate();
    await p.migrate();
    expect(await lastRun()).toMatchObject({ rows: 400, rowsMoved: 0, rowsCompared: 400, batches: 0 });
    const { answer } = await ask(analyzePerformanceAnswer, ANALYZE, { entity: ['doctors'], lastRun: false });
    expect(answer.runs.map(({ rowsMoved }) => rowsMoved)).toEqual([0, 400]);
  });

  test('does not count the pause of an interrupted run', async () => {
    await p.migrate({ batchSize: 50 });
    const before = await lastRun();
    await p.run(
      'target',
      "UPDATE portage.migration_batches SET committed_at = committed_at + interval '3 hours' WHERE batch_no > (SELECT max(batch_no) - 4 FROM portage.migration_batches)",
    );
    const after = await lastRun();
    expect(after.pausedMs).toBeGreaterThan(10_000_000);
    expect(after.wallMs).toBeLessThan(before.wallMs + 61_000);
  });
});

describe('performance-trends', () => {
  test('names an entity that becomes slower, from its runs in order', async () => {
    await p.migrate();
    // Earlier runs of three thousand rows each, whose batches took longer and longer.
    await p.run(
      'target',
      `INSERT INTO portage.operations (operation_id, operation_type, map_name, map_hash, request, source_database, status, started_at)
         SELECT 'run_' || n, 'differential_migration', 'surgery', 'h', '{}', 'x', 'completed', now() - interval '1 day' * (7 - n) FROM generate_series(1, 6) n;
       INSERT INTO portage.migration_checkpoints (operation_id, entity_id, entity_type, operation_type, status, mode, map_name, map_hash, catalog_hash, fence, owner, created_at, started_at)
         SELECT 'run_' || n, entity_id, 'doctors', 'differential_migration', 'completed', 'differential', 'surgery', 'h', 'h', 1, 'me', now() - interval '1 day' * (7 - n), now() - interval '1 day' * (7 - n)
         FROM generate_series(1, 6) n, portage.entities WHERE entity = 'doctors';
       INSERT INTO portage.migration_batches (checkpoint_id, slice, lower_bound, upper_bound, fence, rows_read, inserted, updated, unchanged, deleted, adopted, kept, conflicts, parked, set_aside, read_ms, write_ms, memory_bytes, committed_at)
         SELECT c.id, 0, NULL, NULL, 1, 3000, 3000, 0, 0, 0, 0, 0, 0, 0, 0, 200, 300 + 100 * substr(c.operation_id, 5)::int, 1e8, c.started_at + interval '1 s' FROM portage.migration_checkpoints c WHERE c.operation_id LIKE 'run_%'`,
    );
    const { answer, exit } = await ask(performanceTrendsAnswer, TRENDS, { entity: ['doctors'], lastDays: 30 });
    const [doctors] = answer.entities;
    expect(doctors!.runs.map(({ rows }) => rows)).toEqual([3000, 3000, 3000, 3000, 3000, 3000, 400]);
    expect(doctors!.moving.direction).toBe('slower');
    expect(doctors!.moving.changePercent).toBeLessThan(-40);
    expect(exit).toBe(1);
    // Of the last two days, the runs are too few for a trend.
    const few = await ask(performanceTrendsAnswer, TRENDS, { entity: ['doctors'], lastDays: 2 });
    expect(few.answer.entities[0]!.runs).toHaveLength(2);
    expect(few.exit).toBe(0);
  });
});
