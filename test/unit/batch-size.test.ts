import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstSize, nextSize, TARGET_MS, type BatchBounds, type BatchSize } from '../../shared/domain/batch-size.ts';

const STEERED: BatchBounds = { startRows: 1000, mostRows: 100_000, mostBytes: 32_000_000, targetMs: TARGET_MS };
const FIXED: BatchBounds = { startRows: 10_000, mostRows: 10_000, mostBytes: 32_000_000, targetMs: null };

/** Batches one after the other, on a machine that takes so long for a commit and for a row. */
function run(bounds: BatchBounds, batches: number, row: { ms: number; bytes: number }, commitMs = 10): BatchSize {
  let size = firstSize(bounds, null);
  for (let i = 0; i < batches; i++)
    size = nextSize(size, { rows: size.rows, bytes: size.rows * row.bytes, ms: commitMs + size.rows * row.ms }, bounds);
  return size;
}

describe('a batch that is steered', () => {
  test.each([0.005, 0.02, 0.1, 1, 4])('takes about half a second where a row takes %d ms', (ms) => {
    const { rows } = run(STEERED, 40, { ms, bytes: 100 });
    const took = 10 + rows * ms;
    const possible = Math.min(TARGET_MS, 10 + STEERED.mostRows * ms);
    expect(took).toBeGreaterThan(possible * 0.85);
    expect(took).toBeLessThan(possible * 1.15);
  });

  test('grows to its double and shrinks to its quarter at most', () => {
    const size = { rows: 1000, msPerRow: 0.5, bytesPerRow: 10 };
    expect(nextSize(size, { rows: 1000, bytes: 10_000, ms: 1 }, STEERED).rows).toBeLessThanOrEqual(2000);
    expect(nextSize(size, { rows: 1000, bytes: 10_000, ms: 1_000_000 }, STEERED).rows).toBe(250);
  });

  test('is not halved for one slow batch among quick ones', () => {
    const steady = run(STEERED, 40, { ms: 0.1, bytes: 100 });
    const shaken = nextSize(steady, { rows: steady.rows, bytes: steady.rows * 100, ms: TARGET_MS * 2 }, STEERED);
    expect(shaken.rows).toBeGreaterThan(steady.rows / 2);
    expect(shaken.rows).toBeLessThan(steady.rows);
  });

  test('learns nothing from an empty batch', () => {
    const size = firstSize(STEERED, null);
    expect(nextSize(size, { rows: 0, bytes: 0, ms: 5000 }, STEERED)).toBe(size);
  });
});

describe('a batch that is not steered', () => {
  test('has the rows that were asked for, however long they take', () => {
    expect(run(FIXED, 10, { ms: 3, bytes: 100 }).rows).toBe(10_000);
  });

  test('has fewer where they are wide, from the batch after the first wide one', () => {
    const size = nextSize(firstSize(FIXED, null), { rows: 10_000, bytes: 320_000_000, ms: 1 }, FIXED);
    expect(size.rows).toBe(1000);
    // Narrow rows again: what is known of the wide ones fades.
    let again = size;
    for (let i = 0; i < 30; i++) again = nextSize(again, { rows: again.rows, bytes: again.rows * 100, ms: 1 }, FIXED);
    expect(again.rows).toBe(10_000);
  });

  test('begins with fewer where the catalog says that they are wide', () => {
    expect(firstSize(FIXED, 32_000).rows).toBe(1000);
    expect(firstSize(FIXED, null).rows).toBe(10_000);
  });
});

test('the size is always a whole number within its bounds, and the foreseen bytes are', () => {
  const measures = fc.array(
    fc.record({ rows: fc.nat(200_000), bytes: fc.nat(2 ** 40), ms: fc.double({ min: 0, max: 1e7, noNaN: true }) }),
  );
  const bounds = fc.record({
    startRows: fc.integer({ min: 1, max: 100_000 }),
    mostRows: fc.integer({ min: 100, max: 100_000 }),
    mostBytes: fc.integer({ min: 1024, max: 2 ** 30 }),
    targetMs: fc.constantFrom(null, TARGET_MS),
  });
  fc.assert(
    fc.property(bounds, measures, (limits, list) => {
      let size = firstSize(limits, null);
      for (const measure of list) {
        size = nextSize(size, measure, limits);
        expect(Number.isSafeInteger(size.rows)).toBe(true);
        expect(size.rows).toBeGreaterThanOrEqual(1);
        expect(size.rows).toBeLessThanOrEqual(limits.mostRows);
        if (size.rows > 1)
          expect(size.rows * (size.bytesPerRow ?? 0)).toBeLessThanOrEqual(limits.mostBytes * (1 + 1e-9));
      }
    }),
  );
});
