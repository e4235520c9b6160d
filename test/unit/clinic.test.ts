// The clinic's sizes, and the demo against scripted answers.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clinicPools } from '../../cli/demo/clinic-pools.ts';
import { clinicSizes, LEAST_ROWS, rowsForOrders } from '../../cli/demo/clinic-sizes.ts';
import { insertStatement } from '../../cli/demo/clinic-statements.ts';
import { runDemo } from '../../cli/demo/demo.ts';
import type { DemoPort } from '../../cli/demo/demo-port.ts';
import { NO_COUNTS } from '../../shared/contracts/migration.ts';

describe('sizes', () => {
  test('add up to the rows that were asked for, orders first', () => {
    fc.assert(
      fc.property(fc.integer({ min: LEAST_ROWS, max: 20_000_000 }), (rows) => {
        const sizes = clinicSizes(rows);
        const counts = Object.values(sizes);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
        expect(Math.max(...counts)).toBe(sizes.order_hdr);
        expect(Math.min(...counts)).toBeGreaterThan(0);
        // Three lines for five orders, so that every line has its order.
        expect(sizes.order_itm * 5).toBeLessThanOrEqual(sizes.order_hdr * 3);
      }),
    );
  });

  test('a benchmark gets the orders that it asks for', () => {
    expect(clinicSizes(rowsForOrders(3_000_000)).order_hdr).toBeGreaterThanOrEqual(3_000_000);
    expect(rowsForOrders(3_000_000)).toBeLessThan(7_000_000);
  });
});

test('pools are bounded, and the same for the same seed', () => {
  expect(clinicPools(7)).toEqual(clinicPools(7));
  expect(clinicPools(7)).not.toEqual(clinicPools(8));
  expect(
    Math.max(...Object.values<readonly string[]>({ ...clinicPools(7) }).map((pool) => pool.length)),
  ).toBeLessThanOrEqual(300);
});

test('a statement makes a range of rows and carries only the pools that it uses', () => {
  const pools = clinicPools(1);
  const { text, values } = insertStatement(
    { sizes: clinicSizes(1000), pools, seed: 1, orphans: 0 },
    'visit_hdr',
    10,
    20,
  );
  expect(text).toContain('INSERT INTO public.visit_hdr');
  expect(text).toContain('generate_series(10::bigint, 19::bigint)');
  expect(values).toEqual([pools.remark]);
});

describe('the demo', () => {
  const result = (setAside: number) => ({
    operationId: 'diff_migration_20260101_120000',
    batchId: null,
    dryRun: false,
    status: setAside > 0 ? 'completed_with_findings' : 'completed',
    entities: { orders: { ...NO_COUNTS, read: 12_345, inserted: 12_345 - setAside, setAside, durationMs: 1200 } },
    notes: [],
  });

  function port(answers: { code: number; json: unknown; legacy?: readonly Record<string, unknown>[] }) {
    const written: string[] = [];
    const statements: string[] = [];
    const demo: DemoPort = {
      run: async () => answers,
      query: async (side, text) => {
        statements.push(text);
        return side === 'legacy' && text.includes('pg_class') ? (answers.legacy ?? []) : [];
      },
      write: (text) => void written.push(text),
      paint: (_format, text) => text,
    };
    return { demo, statements, text: () => written.join('') };
  }

  test('makes the clinic, migrates it and shows the counts', async () => {
    const { demo, statements, text } = port({ code: 0, json: result(0) });
    expect(await runDemo(demo, { rows: 300 })).toBe(0);
    expect(statements.some((statement) => statement.startsWith('INSERT INTO public.order_hdr'))).toBe(true);
    expect(text()).toContain('A clinic with 300 rows');
    expect(text()).toMatch(/^orders +12,345 +12,345 /m);
  });

  test('keeps the clinic that is there', async () => {
    const there = [{ name: 'order_hdr', comment: '{"rows":500,"seed":1,"orphans":0}' }];
    const { demo, statements, text } = port({ code: 0, json: result(0), legacy: there });
    expect(await runDemo(demo, { rows: 300 })).toBe(0);
    expect(statements.some((statement) => statement.startsWith('INSERT'))).toBe(false);
    expect(text()).toContain('500 rows');
    expect(text()).toContain('takes effect in empty databases only');
  });

  test('adds nothing to a database of somebody else', async () => {
    const { demo } = port({ code: 0, json: result(0), legacy: [{ name: 'invoices', comment: null }] });
    await expect(runDemo(demo)).rejects.toMatchObject({ code: 'SYS002' });
  });

  test('ends well with the orphans that were asked for, and only with those', async () => {
    const { demo, text } = port({ code: 1, json: result(3) });
    expect(await runDemo(demo, { rows: 300, orphans: 3 })).toBe(0);
    expect(text()).toContain('3 rows were set aside');
    expect(await runDemo(port({ code: 1, json: result(3) }).demo, { rows: 300 })).toBe(1);
  });

  test('passes a failure on', async () => {
    const { demo, text } = port({ code: 3, json: { error: { code: 'SYS001', message: 'no server' } } });
    expect(await runDemo(demo, { rows: 300 })).toBe(3);
    expect(text()).toContain('SYS001');
  });
});
