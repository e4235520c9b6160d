// What is made of measured times: each rule is met, and just not met.
import { describe, expect, test } from '@jest/globals';
import { bestSize, sizeClasses } from '../../shared/domain/performance/batch-sizes.ts';
import { judgeRun } from '../../shared/domain/performance/judge-run.ts';
import { memoryGrowth } from '../../shared/domain/performance/memory-growth.ts';
import { compareWithBaseline, type Measured } from '../../shared/domain/performance/regression.ts';
import {
  laneRate,
  type PhaseTimes,
  type RunFigures,
  type SlowBatch,
  type TableFacts,
} from '../../shared/domain/performance/run-figures.ts';
import { fitLine, median, steadySlope } from '../../shared/domain/performance/statistics.ts';
import { trendOf } from '../../shared/domain/performance/trend.ts';

const MIB = 2 ** 20;
const TIMES: PhaseTimes = { prepareMs: 100, readMs: 3000, writeMs: 3000, betweenMs: 500 };
const RUN: RunFigures = {
  entity: 'orders',
  operationId: 'diff_migration_20231201_123456',
  status: 'completed',
  mode: 'differential',
  startedAt: '2023-12-01T12:34:56Z',
  rows: 50_000,
  rowsMoved: 50_000,
  rowsCompared: 0,
  written: 50_000,
  setAside: 0,
  conflicts: 0,
  batches: 20,
  bisected: 0,
  slices: 4,
  wallMs: 10_000,
  pausedMs: 0,
  rowsPerSecond: 5000,
  phases: TIMES,
  batchRows: { median: 2500, p95: 2500, most: 2500 },
  batchMs: { median: 300, p95: 320, most: 340 },
  memoryBytes: { first: 100 * MIB, last: 110 * MIB, most: 120 * MIB },
};
const FACTS: TableFacts = {
  sourceKind: 'table',
  sourceKeyIndexed: true,
  readsOtherTables: false,
  targetIndexes: 2,
  targetTriggers: [],
};
const LIMITS = { floor: 500, memoryBytes: 512 * MIB };
const judged = (run: Partial<RunFigures>, facts: Partial<TableFacts> = {}, slow: readonly SlowBatch[] = []) =>
  judgeRun({ ...RUN, ...run }, slow, { ...FACTS, ...facts }, LIMITS);
const advice = (...args: Parameters<typeof judged>): string => judged(...args).advice.join('\n');

describe('the bottleneck', () => {
  test.each<[string, Partial<PhaseTimes>, string]>([
    ['reading', { readMs: 8000 }, 'reading'],
    ['writing', { writeMs: 8000 }, 'writing'],
    ['waiting between batches', { betweenMs: 4000 }, 'between batches'],
    ['preparing', { prepareMs: 9000 }, 'preparing'],
    ['none where no phase decides', {}, 'none'],
  ])('is %s', (_, phases, bottleneck) => {
    expect(judged({ phases: { ...TIMES, ...phases } }).bottleneck).toBe(bottleneck);
  });

  test('of one batch is not known', () => {
    expect(judged({ batches: 1, phases: { ...TIMES, readMs: 90_000 } }).bottleneck).toBe('not enough data');
  });

  test('comes with shares that sum up', () => {
    const { prepare, read, write, between } = judged({}).shares;
    expect(prepare + read + write + between).toBeCloseTo(100, 0);
  });
});

describe('findings', () => {
  test('are a rate under the floor, of a run that is long enough to say so', () => {
    expect(judged({ rowsPerSecond: 499 }).findings).toMatchObject([
      { code: 'V004', text: expect.stringContaining('499') },
    ]);
    expect(judged({ rowsPerSecond: 500 }).findings).toEqual([]);
    expect(judged({ rowsPerSecond: 499, rows: 9999 }).findings).toEqual([]);
    expect(judged({ rowsPerSecond: 499, wallMs: 4999 }).findings).toEqual([]);
  });

  test('are memory over its limit', () => {
    const memoryBytes = { first: 1, last: 1, most: 513 * MIB };
    expect(judged({ memoryBytes }).findings).toMatchObject([{ code: 'SYS003' }]);
  });
});

describe('advice', () => {
  test('is none where nothing is to be gained', () => {
    expect(judged({}).advice).toEqual([]);
  });

  const reading = { phases: { ...TIMES, readMs: 20_000 } };
  const writing = { phases: { ...TIMES, writeMs: 20_000 } };
  test('on reading follows what the source is', () => {
    expect(advice(reading, { sourceKeyIndexed: false })).toMatch(/no index on the key/);
    expect(advice(reading)).not.toMatch(/no index/);
    expect(advice(reading, { sourceKind: 'view', sourceKeyIndexed: false })).toMatch(/is a view/);
    expect(advice(reading, { readsOtherTables: true })).toMatch(/other tables row by row/);
  });

  test('on writing follows what stands around the target', () => {
    expect(advice(writing, { targetTriggers: ['audit'] })).toMatch(/fires audit for every row/);
    expect(advice(writing, { targetIndexes: 9 })).toMatch(/has 9 indexes/);
    expect(advice({ ...writing, slices: 1, rowsMoved: 100_000 })).toMatch(/ran on one lane/);
    expect(advice({ ...writing, slices: 1, rowsMoved: 99_999 })).not.toMatch(/one lane/);
  });

  test.each([
    [{ median: 10, p95: 10, most: 10 }, 100, /larger, --batch-size 1000\./],
    [{ median: 40, p95: 40, most: 40 }, 1000, /larger, --batch-size 5000\./],
    [{ median: 10_000, p95: 1, most: 1 }, 8000, /smaller, --batch-size 2000\./],
  ])('aims at batches of a good length: %j with %i rows', (batchMs, rows, wanted) => {
    expect(advice({ batchMs, batchRows: { median: rows, p95: rows, most: rows } })).toMatch(wanted);
  });

  test('says nothing on the size of few batches', () => {
    expect(advice({ batches: 9, batchMs: { median: 5, p95: 5, most: 5 } })).not.toMatch(/batch-size/);
  });

  test('tells slow writing from slow reading', () => {
    const slow = (readMs: number, writeMs: number): SlowBatch => ({
      ...{ batchNo: '7', slice: 0, from: '1', to: '9', rows: 9, setAside: 0, committedAt: '' },
      readMs,
      writeMs,
    });
    expect(advice({}, {}, [slow(10, 900)])).toMatch(/wait while they write/);
    expect(advice({}, {}, [slow(900, 10)])).toMatch(/wait while they read/);
  });

  test('names rows that cut batches down', () => {
    expect(advice({ bisected: 4, setAside: 4 })).toMatch(/4 of 20 batches were cut down/);
    expect(advice({ bisected: 3, setAside: 3 })).not.toMatch(/cut down/);
  });

  test('warns before memory is at its limit, and when it doubles', () => {
    expect(advice({ memoryBytes: { first: 400 * MIB, last: 420 * MIB, most: 420 * MIB } })).toMatch(
      /420 MiB of 512 MiB/,
    );
    expect(advice({ memoryBytes: { first: 90 * MIB, last: 200 * MIB, most: 200 * MIB } })).toMatch(/memory-leak-check/);
    expect(advice({ memoryBytes: { first: 20 * MIB, last: 80 * MIB, most: 80 * MIB } })).not.toMatch(/Memory/);
  });
});

describe('trends', () => {
  test.each<[string, readonly number[], string]>([
    ['slower', [1000, 980, 900, 850, 780, 700], 'slower'],
    ['faster', [500, 600, 700, 800, 900], 'faster'],
    ['steady, with one bad night', [1000, 1010, 90, 990, 1005, 1000], 'steady'],
    ['unknown of four runs', [1000, 500, 250, 100], 'not enough data'],
  ])('are %s', (_, values, direction) => {
    expect(trendOf(values).direction).toBe(direction);
  });

  test('compare runs by the rate of one lane, and leave out those that moved little', () => {
    expect(laneRate(RUN)).toBe(8333);
    expect(laneRate({ ...RUN, rowsMoved: 999 })).toBeNull();
  });
});

describe('memory after collections', () => {
  const series = (bytes: (i: number) => number, n = 20) =>
    memoryGrowth(Array.from({ length: n }, (_, i) => ({ seconds: i * 5, bytes: bytes(i) })));
  const noise = (i: number): number => ((i * 7919) % 13) * 0.2 * MIB;

  test('that grows is a leak, with its rate', () => {
    const { verdict, bytesPerMinute } = series((i) => 100 * MIB + i * MIB + noise(i));
    expect(verdict).toBe('leak');
    expect(bytesPerMinute! / MIB).toBeCloseTo(12, 0);
  });
  test('that only trembles is flat', () => {
    expect(series((i) => 100 * MIB + noise(i)).verdict).toBe('flat');
  });
  test('that grew at the beginning alone is flat', () => {
    expect(series((i) => Math.min(i, 4) * 30 * MIB + noise(i)).verdict).toBe('flat');
  });
  test('that creeps by less than two MiB in all is flat', () => {
    expect(series((i) => 100 * MIB + i * 0.1 * MIB).verdict).toBe('flat');
  });
  test('of few samples says nothing', () => {
    expect(series((i) => i * 50 * MIB, 6).verdict).toBe('not enough data');
  });
});

describe('sizes of batches', () => {
  const bins = (...of: readonly [rows: number, ms: number, batches: number][]) =>
    sizeClasses(of.map(([rows, ms, batches]) => ({ rows, ms, batches })));

  test('are summed up over their times', () => {
    expect(bins([512, 128, 1], [512, 64, 3], [256, 64, 2])).toEqual([
      { rows: 256, batches: 2, ms: 64, rowsPerSecond: 4000 },
      { rows: 512, batches: 4, ms: 80, rowsPerSecond: 6400 },
    ]);
  });
  test('the best is the smallest that none beats by more than a twentieth', () => {
    expect(bestSize(bins([256, 100, 5], [512, 100, 5], [1024, 196, 5]))?.rows).toBe(512);
    expect(bestSize(bins([256, 100, 5], [512, 100, 4]))).toBeNull();
  });
});

describe('a baseline', () => {
  const measured: Measured = {
    entity: 'orders',
    rows: 50_000,
    wallMs: 10_000,
    rowsPerSecond: 5000,
    batchMedianMs: 300,
    memoryBytes: 100 * MIB,
  };
  const worse = (now: Partial<Measured>): readonly string[] =>
    compareWithBaseline([measured], [{ ...measured, ...now }])
      .figures.filter((figure) => figure.worse)
      .map(({ figure }) => figure);

  test('is missed by more than a fifth, in the bad direction', () => {
    expect(worse({})).toEqual([]);
    expect(worse({ rowsPerSecond: 4000 })).toEqual([]);
    expect(worse({ rowsPerSecond: 3999 })).toEqual(['rowsPerSecond']);
    expect(worse({ rowsPerSecond: 50_000, batchMedianMs: 361 })).toEqual(['batchMedianMs']);
    expect(worse({ memoryBytes: 121 * MIB })).toEqual(['memoryBytes']);
  });

  test('names what cannot be compared any more', () => {
    expect(compareWithBaseline([measured], []).missing).toEqual(['orders']);
    expect(compareWithBaseline([measured], [{ ...measured, rows: 999 }]).missing).toEqual(['orders']);
  });
});

describe('statistics', () => {
  test('know the middle, and the line through points', () => {
    expect([median([]), median([3]), median([1, 9, 2]), median([1, 2, 3, 4])]).toEqual([null, 3, 2, 2.5]);
    expect(fitLine([0, 1, 2, 3].map((x) => ({ x, y: 5 + 2 * x })))).toEqual({ slope: 2, intercept: 5, slopeError: 0 });
    expect(
      fitLine([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
        { x: 1, y: 3 },
      ]),
    ).toBeNull();
    expect(
      steadySlope([
        { x: 0, y: 0 },
        { x: 1, y: 1 },
        { x: 2, y: 99 },
        { x: 3, y: 3 },
        { x: 4, y: 4 },
      ]),
    ).toBe(1);
  });
});
