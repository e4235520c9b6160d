// What each flag of `migrate` does to a run: every test here fails where its flag does nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CHAIN_SOURCE, CHAIN_TARGET, chain } from '../support/chain.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(CHAIN_SOURCE, CHAIN_TARGET, chain);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());

/** Rows of the batches of an entity in the last operation, in their order. */
const batches = async (entity: string): Promise<number[]> =>
  (
    await p.rows(
      `SELECT b.rows_read FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id
       WHERE c.entity_type = '${entity}' AND b.slice >= 0 AND b.rows_read > 0 AND c.operation_id = (SELECT operation_id FROM operations ORDER BY operation_no DESC LIMIT 1) ORDER BY b.batch_no`,
    )
  ).map((row) => Number(row['rows_read']));

describe('--dependency-order', () => {
  test('carries what the named entities depend on, parents first; without it the parent is named', async () => {
    const refused = await p.migrate({ entities: ['sales'] });
    expect(refused.failure).toMatchObject({ code: 'M008', got: 'sales refers to shops' });
    expect(refused.failure?.next).toMatch('--dependency-order');

    const run = await p.migrate({ entities: ['sales'], dependencyOrder: true });
    expect(run.output).toMatchObject({ status: 'completed', entities: { sales: { inserted: 6000, setAside: 0 } } });
    expect(Object.keys(run.output!.entities)).toEqual(['regions', 'shops', 'sales']);
    expect(run.output!.notes).toContain('added, because the others depend on them: shops, regions');
  });

  test('counts them in a dry run too, which says otherwise what the run would be refused for', async () => {
    const without = await p.migrate({ entities: ['sales'], dryRun: true });
    expect(Object.keys(without.output!.entities)).toEqual(['sales']);
    expect(without.output!.notes.join()).toMatch(/M008 .*sales refers to shops/);
    const run = await p.migrate({ entities: ['sales'], dependencyOrder: true, dryRun: true });
    expect(Object.keys(run.output!.entities).sort()).toEqual(['regions', 'sales', 'shops']);
    expect(run.output!.notes.join()).not.toMatch('M008');
  });
});

describe('--batch-size and --optimize-batching', () => {
  test('begin with the size, and follow the time of the batches', async () => {
    await p.migrate({ batchSize: 200 });
    expect(new Set(await batches('sales'))).toEqual(new Set([200]));
    await p.empty();
    const run = await p.migrate({ batchSize: 200, optimizeBatching: true, sequential: true });
    const sizes = await batches('sales');
    // Far below what half a second carries: each is up to the double of the one before, and never more.
    expect(sizes[0]).toBe(200);
    expect(sizes[1]).toBeGreaterThan(200);
    for (const [i, size] of sizes.slice(1).entries()) expect(size).toBeLessThanOrEqual(2 * sizes[i]!);
    expect(Math.max(...sizes)).toBeGreaterThan(800);
    expect(run.output!.batching!['sales']).toMatchObject({ leastRows: 200, mostRows: Math.max(...sizes.slice(0, -1)) });
    expect(await p.value('SELECT count(*) FROM sales')).toBe('6000');
  });

  test('an interrupted run goes on where its last batch ended, at the size that it had come to', async () => {
    process.env['PORTAGE_STEP_BUDGET_MS'] = '100';
    try {
      // Without time, a call is one batch.
      let calls = 0;
      await p.migrateAround(
        {
          MigrateSlice: async (input, go, kill) => {
            const result = await go(true);
            if (input['entity'] === 'sales' && ++calls === 2) kill();
            return result;
          },
        },
        { batchSize: 100, optimizeBatching: true, sequential: true },
      );
      const before = await batches('sales');
      expect(before.length).toBeGreaterThanOrEqual(2);
      await p.passTime(120);
      const run = await p.resume();
      expect(run.output).toMatchObject({ status: 'completed' });
      const all = await batches('sales');
      expect(all.slice(0, before.length)).toEqual(before);
      expect(all[before.length]).toBeGreaterThan(before.at(-1)!);
      expect(all.reduce((sum, rows) => sum + rows, 0)).toBe(6000);
      expect(await p.value('SELECT count(*) FROM sales')).toBe('6000');
    } finally {
      delete process.env['PORTAGE_STEP_BUDGET_MS'];
    }
  });
});

describe('settings.batchBytes', () => {
  const wide = 'UPDATE sale SET slip = repeat(md5(sale_no::text), 300) WHERE sale_no BETWEEN 2001 AND 2200';
  const narrow = "UPDATE sale SET slip = 'slip ' || sale_no";
  afterAll(() => p.run('source', narrow));

  test.each([['integer keys'], ['text keys']])('bounds a batch by what it weighs: %s', async (keys) => {
    await p.run('source', `${narrow}; ${wide}`);
    const { sales } = chain.entities;
    const source = keys === 'text keys' ? { ...sales.source, key: ['sale_no', 'amount'] } : sales.source;
    const entities = { ...chain.entities, sales: { ...sales, source } };
    await p.useMap({ ...chain, name: keys, entities, settings: { batchBytes: 300_000 } });
    const run = await p.migrate({ sequential: true });
    expect(run.output).toMatchObject({ status: 'completed', entities: { sales: { inserted: 6000 } } });
    // 200 rows of 9,600 bytes: 31 of them fit.
    const [heaviest] = await p.rows(
      `SELECT max(bytes_of) AS bytes, count(*) FILTER (WHERE bytes_of > 100000) AS heavy FROM (
         SELECT sum(octet_length(s.slip)) AS bytes_of FROM migration_batches b
         JOIN undo_inserts u USING (batch_no) CROSS JOIN unnest(u.target_uuids) AS k (id) JOIN sales s ON s.id = k.id GROUP BY b.batch_no) x`,
    );
    expect(Number(heaviest!['bytes'])).toBeLessThanOrEqual(300_000);
    expect(Number(heaviest!['heavy'])).toBeGreaterThanOrEqual(6);
    await p.useMap(chain);
  });
});

describe('--memory-monitoring', () => {
  test('tells for each entity the most that a batch recorded, and whether it grows', async () => {
    const run = await p.migrate({ batchSize: 500, memoryMonitoring: true });
    const { memory } = run.output!;
    expect(Object.keys(memory!).sort()).toEqual(['regions', 'sales', 'shops']);
    const peak = await p.value(
      "SELECT max(memory_bytes) FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id WHERE c.entity_type = 'sales'",
    );
    expect(memory!['sales']).toMatchObject({
      peakBytes: Number(peak),
      trend: expect.stringMatching(/flat|rising|falling/),
    });
    expect(memory!['sales']!.batches).toBeGreaterThanOrEqual(12);
    expect((await p.migrate()).output!.memory).toBeUndefined();
  });
});

describe('--max-rate', () => {
  test('holds all lanes together to the pace, and waits without a snapshot', async () => {
    let oldest = 0;
    const watch = setInterval(() => {
      void p.source
        .one<{ ms: string }>(
          `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start) * 1000), 0) AS ms FROM pg_stat_activity
           WHERE datname = current_database() AND application_name LIKE 'portage:%' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()`,
        )
        .then(({ ms }) => {
          oldest = Math.max(oldest, Number(ms));
        });
    }, 50);
    const began = Date.now();
    const run = await p.migrate({ maxRate: 1500 });
    const seconds = (Date.now() - began) / 1000;
    clearInterval(watch);
    // The first second's rows are free; after that they come at the pace.
    expect(seconds).toBeGreaterThan((6023 - 1500) / 1500);
    expect(seconds).toBeLessThan(12);
    expect(Math.max(...(await batches('sales')))).toBeLessThanOrEqual(1500);
    expect(run.output!.pace!.maxRate).toBe(1500);
    expect(run.output!.pace!.waitedMs).toBeGreaterThan(1000);
    expect(oldest).toBeLessThan(900);
  });

  test('holds a dry run to it too', async () => {
    await p.migrate({ entities: ['regions', 'shops'] });
    const began = Date.now();
    await p.migrate({ entities: ['sales'], maxRate: 2000, dryRun: true });
    expect(Date.now() - began).toBeGreaterThan(1900);
  });
});
