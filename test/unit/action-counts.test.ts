import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addCounts, countsOf, NOTHING, type ActionCount, type RowCounts } from '../../shared/domain/action-counts.ts';

const ACTIONS =
  'insert again update adopt adopt_conflict adopt_update adopted conflict reappeared kept missing deleted park set_aside rebase none close';
const action = fc.constantFrom(...ACTIONS.split(' '));
/** Actions of one batch, each with its own rows, and as many rows read as the source has of them, and some that are equal. */
const batch = fc.record({
  actions: fc.array(fc.record({ action, inSource: fc.boolean(), rows: fc.nat(1000) })),
  equal: fc.nat(1000),
});
const readOf = (actions: readonly ActionCount[], equal: number): number =>
  actions.reduce((sum, { inSource, rows }) => sum + (inSource ? rows : 0), equal);

test('a row of the source that no action names, and one that only got new bases, is unchanged', () => {
  const actions = [
    { action: 'insert', inSource: true, rows: 2 },
    { action: 'rebase', inSource: true, rows: 3 },
    { action: 'none', inSource: true, rows: 4 },
  ];
  expect(countsOf(20, actions)).toEqual({ ...NOTHING, read: 20, inserted: 2, unchanged: 18 });
});

test('every row that was read is unchanged, or named by an action that is no rebase', () => {
  fc.assert(
    fc.property(batch, ({ actions, equal }) => {
      const touched = actions
        .filter((a) => a.inSource && a.action !== 'rebase' && a.action !== 'none')
        .reduce((sum, a) => sum + a.rows, 0);
      const read = readOf(actions, equal);
      expect(countsOf(read, actions).unchanged + touched).toBe(read);
    }),
  );
});

test('counts of two batches are the counts of one with the rows of both', () => {
  fc.assert(
    fc.property(batch, batch, (a, b) => {
      const [first, second] = [readOf(a.actions, a.equal), readOf(b.actions, b.equal)];
      const sum = addCounts(countsOf(first, a.actions), countsOf(second, b.actions));
      expect(sum).toEqual(countsOf(first + second, [...a.actions, ...b.actions]));
    }),
  );
});

test.each<[string, Partial<RowCounts>]>([
  ['again', { inserted: 1 }],
  ['adopt_conflict', { adopted: 1, conflicts: 1 }],
  ['adopt_update', { adopted: 1, updated: 1 }],
  ['adopted', { conflicts: 1 }],
  ['missing', { kept: 1 }],
  ['reappeared', { conflicts: 1 }],
  ['park', { parked: 1 }],
  ['set_aside', { setAside: 1 }],
])('%s is counted as %p', (name, expected) => {
  expect(countsOf(1, [{ action: name, inSource: true, rows: 1 }])).toEqual({ ...NOTHING, read: 1, ...expected });
});

test('a row that the source no longer has was not read', () => {
  expect(countsOf(0, [{ action: 'deleted', inSource: false, rows: 4 }])).toEqual({ ...NOTHING, kept: 4 });
});
