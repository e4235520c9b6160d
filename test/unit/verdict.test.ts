// What a validation may say: of what was found, of what was read, of runs.
import { describe, expect, test } from '@jest/globals';
import { judgePerformance } from '../../shared/database/validate/check-performance.ts';
import { isGapless } from '../../shared/domain/coverage.ts';
import { verdictOf, verdictOfAll } from '../../shared/domain/verdict.ts';

const range = (from: string | null, to: string | null) => ({ range: { from, to } });
const part = (part: number, of: number) => ({ part, of });

describe('parts leave nothing out', () => {
  test.each([
    ['one that is open at both ends', [range(null, null)]],
    ['ranges end to end, in any order', [range('20', null), range(null, '10'), range('10', '20')]],
    ['every part by hash', [part(1, 2), part(0, 2)]],
  ])('where they are %s', (_, parts) => {
    expect(isGapless(parts)).toBe(true);
  });

  test.each([
    ['none', []],
    ['without a beginning', [range('1', null)]],
    ['without an end', [range(null, '1')]],
    ['with a hole', [range(null, '10'), range('11', null)]],
    ['with one twice', [range(null, '10'), range(null, '10'), range('10', null)]],
    ['with an open one beside them', [range(null, null), range(null, '10'), range('10', null)]],
    ['with a range that leads back', [range(null, '10'), range('10', '10'), range('10', null), range('10', '5')]],
    ['of hashes, one missing', [part(0, 2)]],
    ['of hashes, one twice', [part(0, 2), part(0, 2)]],
    ['of hashes cut differently', [part(0, 2), part(1, 4)]],
    ['of hashes beyond their number', [part(0, 2), part(2, 2)]],
    ['of both sorts', [range(null, null), part(0, 1)]],
  ])('but not where they are %s', (_, parts) => {
    expect(isGapless(parts)).toBe(false);
  });
});

describe('a verdict', () => {
  test.each([
    [0, true, 'match'],
    [0, false, 'unknown'],
    [1, true, 'mismatch'],
    [1, false, 'mismatch'],
  ] as const)('of %i differences, everything read: %s, is %s', (differences, complete, verdict) => {
    expect(verdictOf({ differences, complete })).toBe(verdict);
  });

  test.each([
    [[], 'unknown'],
    [['match'], 'match'],
    [['match', 'unknown'], 'unknown'],
    [['unknown', 'mismatch', 'match'], 'mismatch'],
  ] as const)('of entities that are %j is %s', (verdicts, verdict) => {
    expect(verdictOfAll(verdicts)).toBe(verdict);
  });
});

describe('a run', () => {
  const run = {
    operationId: 'diff_migration_1',
    rows: 10_000,
    wallMs: 10_000,
    batchMs: { median: 100, p95: 200, most: 300 },
    memoryBytes: { first: 2 ** 20, last: 2 ** 20, most: 100 * 2 ** 20 },
  };

  test.each([
    ['within every limit', run, {}, []],
    ['too slow', run, { performanceFloor: 1001 }, ['1000 rows/s, the floor is 1001']],
    ['with a batch too long', run, { batchTimeoutMs: 299 }, ['the slowest batch took 300 ms, the limit is 299']],
    ['too large', run, { memoryLimitMb: 99 }, ['100 MB of memory, the limit is 99']],
  ])('%s', (_, figures, settings, beyond) => {
    expect(judgePerformance(figures, settings)).toMatchObject({ rowsPerSecond: 1000, beyond, note: null });
  });

  test.each([
    ['that is too short', { ...run, wallMs: 4_999 }],
    ['of too few rows', { ...run, rows: 9_999 }],
    ['that never was', null],
  ])('%s says nothing', (_, figures) => {
    const judged = judgePerformance(figures, { performanceFloor: 1_000_000 });

    expect(judged).toMatchObject({ rowsPerSecond: null, beyond: [] });
    expect(judged.note).toContain('not enough data');
  });
});
