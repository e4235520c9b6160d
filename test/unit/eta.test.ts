// The time that is left, on runs that are played through: entities of very different cost, in waves, side by side.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atPace, etaMeter, rowCosts, type EntityWork } from '../../shared/domain/eta.ts';

interface Played {
  readonly entity: string;
  readonly rows: number;
  /** What a row really takes. */
  readonly ms: number;
  /** What was expected of it; null: nothing. */
  readonly expected: number | null;
}

/** Entities one after the other, looked at every `step` ms. @returns the worst error from 20 % of the time on, as a share of the run */
function worstError(entities: readonly Played[], lookEvery = 200): number {
  const total = entities.reduce((sum, { rows, ms }) => sum + rows * ms, 0);
  let clock = 0;
  const meter = etaMeter(() => clock);
  let worst = 0;
  for (clock = 0; clock < total; clock += lookEvery) {
    let time = clock;
    const state = entities.map(({ entity, rows, ms, expected }): EntityWork => {
      const spent = Math.min(time, rows * ms);
      time -= spent;
      const rowsDone = Math.floor(spent / ms);
      return { entity, rowsDone, rowsTotal: rows, msPerRow: rowsDone === 0 ? null : ms, rowCost: expected };
    });
    const eta = meter(state);
    if (clock >= total * 0.2 && eta !== null) worst = Math.max(worst, Math.abs(clock + eta - total) / total);
  }
  return worst;
}

const played = (entity: string, rows: number, ms: number, expected: number | null): Played => ({
  entity,
  rows,
  ms,
  expected,
});

describe('the time that is left is right within 15 % from 20 % of the run on', () => {
  test.each<[string, readonly Played[]]>([
    ['one entity', [played('a', 100_000, 0.1, null)]],
    ['a cheap one, then a dear one', [played('a', 200_000, 0.05, 0.05), played('b', 20_000, 2, 2)]],
    ['a dear one, then a cheap one', [played('a', 20_000, 2, 2), played('b', 200_000, 0.05, 0.05)]],
    ['everything twice as dear as expected', [played('a', 100_000, 0.1, 0.05), played('b', 10_000, 2, 1)]],
    ['expected by another unit', [played('a', 100_000, 0.1, 7), played('b', 10_000, 2, 140)]],
    [
      'many small ones before',
      [...Array.from({ length: 30 }, (_, i) => played(`s${i}`, 100, 0.5, 0.5)), played('z', 50_000, 0.4, 0.4)],
    ],
  ])('%s', (_, entities) => {
    expect(worstError(entities)).toBeLessThan(0.15);
  });

  test('where what was expected is right to a tenth', () => {
    const entity = fc.record({
      rows: fc.integer({ min: 1000, max: 50_000 }),
      ms: fc.double({ min: 0.01, max: 3, noNaN: true }),
      stray: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(entity, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (list, unit) => {
          const entities = list.map(({ rows, ms, stray }, i) => played(`e${i}`, rows, ms, ms * stray * unit));
          const total = entities.reduce((sum, { rows, ms }) => sum + rows * ms, 0);
          expect(worstError(entities, total / 50)).toBeLessThan(0.15);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('counting rows alone would be wrong by far', () => {
  const unweighed = [played('a', 200_000, 0.05, null), played('b', 20_000, 2, null)];
  expect(worstError(unweighed)).toBeGreaterThan(0.15);
});

test('nobody can say while a table is not counted, or nothing was done', () => {
  let clock = 0;
  const meter = etaMeter(() => clock);
  const work = (rowsDone: number, rowsTotal: number | null): EntityWork[] => [
    { entity: 'a', rowsDone, rowsTotal, msPerRow: 1 },
  ];
  expect(meter(work(0, 100))).toBeNull();
  clock = 1000;
  expect(meter(work(50, null))).toBeNull();
  expect(meter(work(50, 100))).toBe(1000);
  expect(meter(work(100, 100))).toBe(0);
});

test('what a resumed run had done before costs it nothing', () => {
  let clock = 0;
  const meter = etaMeter(() => clock);
  meter([{ entity: 'a', rowsDone: 9000, rowsTotal: 10_000, msPerRow: 1 }]);
  clock = 500;
  expect(meter([{ entity: 'a', rowsDone: 9500, rowsTotal: 10_000, msPerRow: 1 }])).toBe(500);
});

test('an entity that has begun is weighed by itself, one that has not by what was expected', () => {
  const costs = rowCosts([
    { entity: 'a', rowsDone: 10_000, rowsTotal: 20_000, msPerRow: 0.2, rowCost: 1 },
    { entity: 'b', rowsDone: 0, rowsTotal: 100, msPerRow: null, rowCost: 10 },
    { entity: 'c', rowsDone: 0, rowsTotal: 100, msPerRow: null, rowCost: null },
  ]);
  expect([...costs]).toEqual([
    ['a', 0.2],
    ['b', 2],
    ['c', 0.2],
  ]);
});

test('at a pace that is set nothing ends sooner than the pace allows', () => {
  expect(atPace(3000, 20_000, 5000)).toBe(4000);
  expect(atPace(9000, 20_000, 5000)).toBe(9000); // slower than it may be
  expect(atPace(3000, 20_000, null)).toBe(3000);
  expect(atPace(null, 20_000, 5000)).toBeNull();
});
