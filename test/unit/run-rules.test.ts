// Small rules of a run's flags: pauses, dependencies, memory.
import { describe, expect, test } from '@jest/globals';
import { backoffMs } from '../../shared/domain/backoff.ts';
import { withDependencies } from '../../shared/domain/dependency-order.ts';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { memoryTrend } from '../../shared/domain/memory-trend.ts';

describe('the pause before another try', () => {
  test('doubles, up to 20 s, and is any part of that', () => {
    const longest = (attempt: number) => backoffMs(attempt, () => 1);
    expect([0, 1, 2, 6, 7, 50].map(longest)).toEqual([200, 400, 800, 12_800, 20_000, 20_000]);
    expect(backoffMs(3, () => 0)).toBe(0);
    expect(backoffMs(3, () => 0.5)).toBe(800);
  });
});

describe('what entities depend on', () => {
  const entity = (...parents: string[]) => ({
    source: { table: 't', key: ['id'] },
    target: { table: 't', key: ['id'] },
    columns: Object.fromEntries(parents.map((ref) => [`${ref}_id`, { ref, from: ['x'] }])),
  });
  const map: EntityMap = {
    name: 'm',
    entities: {
      orders: entity('customers', 'orders'),
      customers: entity('regions'),
      regions: entity(),
      a: entity('b'),
      b: entity('a'),
      alone: entity(),
    },
  };

  test.each([
    [['orders'], ['orders', 'customers', 'regions']],
    [
      ['customers', 'alone'],
      ['customers', 'regions', 'alone'],
    ],
    [['b'], ['a', 'b']],
    [['alone'], ['alone']],
    [[], []],
  ])('%j need %j, in the order of the map', (names, all) => {
    expect(withDependencies(map, names)).toEqual(all);
  });
});

describe('memory', () => {
  const MB = 2 ** 20;
  test.each([
    ['flat', { batches: 100, peakBytes: 150 * MB, bytesPerBatch: 0.1 * MB }],
    ['rising', { batches: 100, peakBytes: 250 * MB, bytesPerBatch: MB }],
    ['falling', { batches: 100, peakBytes: 250 * MB, bytesPerBatch: -MB }],
    ['too few batches to tell', { batches: 3, peakBytes: 250 * MB, bytesPerBatch: 50 * MB }],
  ])('is %s', (trend, use) => {
    expect(memoryTrend(use)).toBe(trend);
  });
});
