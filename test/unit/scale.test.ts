// The arithmetic of large runs: at every size that is told, no limit of the services is passed.
import { describe, expect, test } from '@jest/globals';
import { machineDiagram } from '../../infra/docs/machine-diagram.ts';
import { CASES } from '../../infra/docs/scale-page.ts';
import { foresee, LIMITS } from '../../shared/domain/scale.ts';

describe.each(CASES.map((scale) => [scale.rows.toLocaleString('en-US'), scale] as const))('%s rows', (_, scale) => {
  const foreseen = foresee(scale);

  test('stay within what Step Functions and Lambda take', () => {
    expect(foreseen.eventsOfASlice).toBeLessThan(LIMITS.events / 2);
    expect(foreseen.eventsOfTheRun).toBeLessThan(LIMITS.events / 2);
    expect(foreseen.loopsOfASlice).toBeLessThan(LIMITS.loops);
    // Keys of text are longer, and the rest of the state needs room.
    expect(foreseen.planBytes).toBeLessThan(LIMITS.payloadBytes / 2);
    expect(scale.lanes).toBeLessThan(LIMITS.concurrency);
  });

  test('are all carried: slices, rows and time fit together', () => {
    expect(foreseen.slices * foreseen.rowsOfASlice).toBeGreaterThanOrEqual(scale.rows);
    expect(foreseen.seconds * foreseen.rowsPerSecond).toBeGreaterThanOrEqual(scale.rows);
    expect(foreseen.rowsPerSecond).toBeLessThanOrEqual(scale.targetRate);
    expect(foreseen.connections).toBe(scale.lanes + 1);
  });
});

test('more lanes than the target can write for change nothing but the bound that is named', () => {
  const scale = { rows: 1_000_000_000, laneRate: 10_000, targetRate: 50_000 };
  const few = foresee({ ...scale, lanes: 5 });
  const many = foresee({ ...scale, lanes: 50 });
  expect([few.bound, many.bound]).toEqual(['the lanes', 'the target']);
  expect(many.seconds).toBe(few.seconds);
});

test('a million rows stay under a cent', () => {
  expect(foresee({ rows: 1_000_000, lanes: 4, laneRate: 12_000, targetRate: 100_000 }).dollars).toBeLessThan(0.01);
});

test('a diagram has every state, what a Map holds, and what happens when a state fails', () => {
  const drawn = machineDiagram({
    StartAt: 'Plan',
    States: {
      Plan: { Type: 'Task', Next: 'Done?', Catch: [{ Next: 'Failed' }] },
      'Done?': { Type: 'Choice', Choices: [{ Next: 'Each' }], Default: 'Plan' },
      Each: { Type: 'Map', ItemProcessor: { StartAt: 'Work', States: { Work: { Type: 'Task' } } } },
      Failed: { Type: 'Fail' },
    },
  });
  expect(drawn.split('\n').map((line) => line.trim())).toEqual([
    'flowchart TD',
    'start((start)) --> Plan',
    'Plan["Plan"]',
    'Plan --> Done_',
    'Plan -. fails .-> Failed',
    'Done_{"Done?"}',
    'Done_ --> Each',
    'Done_ --> Plan',
    'subgraph Each["Each, each item"]',
    'Work["Work"]',
    'end',
    'Failed[["Failed"]]',
  ]);
});
