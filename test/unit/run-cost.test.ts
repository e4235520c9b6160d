// The arithmetic of what a run costs, against sums made by hand.
import { describe, expect, test } from '@jest/globals';
import { foreseenSlices, runCost } from '../../shared/domain/run-cost.ts';
import { secondsOfWaves } from '../../shared/domain/run-time.ts';

describe('what a run costs', () => {
  test('a million rows at 30,000 a second stay under one cent', () => {
    const cost = runCost({ entities: [{ rows: 1_000_000, rowsPerSecond: 30_000, slices: 4 }] });

    // 33.3 s x 1.7275 GB; 2 + 4 + 3 invocations; 2 x 9 + 4 x 4 + 15 transitions.
    expect(cost).toMatchObject({ invocations: 9, transitions: 49, gbSeconds: 57.585 });
    expect(cost.usd.lambda).toBeCloseTo(57.585 * 0.0000133334, 8);
    expect(cost.usd.requests).toBeCloseTo(9 * 0.0000002, 10);
    expect(cost.usd.stepFunctions).toBeCloseTo(49 * 0.000025, 10);
    expect(cost.usd.total).toBeLessThan(0.01);
    expect(cost.usd.total).toBeCloseTo(cost.usd.lambda + cost.usd.requests + cost.usd.stepFunctions, 10);
  });

  test('a slice that takes longer than the budget of a step is called again', () => {
    const cost = runCost({ entities: [{ rows: 1_000_000, rowsPerSecond: 1000, slices: 4 }] });

    // 250 s a slice: five calls of 60 s.
    expect(cost.invocations).toBe(2 + 4 * 5 + 3);
  });

  test('no entity costs the plan and the gate', () => {
    expect(runCost({ entities: [] })).toMatchObject({ invocations: 2, transitions: 4, gbSeconds: 0 });
  });

  test('an entity is cut into slices as a run cuts it', () => {
    expect(foreseenSlices(100, 4)).toBe(1);
    expect(foreseenSlices(100_000, 4)).toBe(4);
    expect(foreseenSlices(10_000_000, 4)).toBe(40);
  });
});

describe('how long a run takes', () => {
  const seconds: Readonly<Record<string, number>> = { a: 10, b: 2, c: 2, d: 2, e: 30 };
  const of = (name: string): number => seconds[name] ?? 0;

  test('a wave takes as long as its longest entity, or all of them shared out to the lanes', () => {
    expect(secondsOfWaves([['a', 'b'], ['e']], of, 4)).toBe(40);
    expect(secondsOfWaves([['b', 'c', 'd']], of, 1)).toBe(6);
  });
});
