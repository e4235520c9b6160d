// When deletions are too many, and what lets them pass (SEMANTICS 17).
import { describe, expect, test } from '@jest/globals';
import { deleteAllowance, isMassDeletion, massDeletionText } from '../../shared/domain/mass-deletion.ts';

const stops = (deletions: number, mapped: number, allowed?: string, percent?: number): boolean =>
  isMassDeletion({ deletions, mapped }, deleteAllowance(allowed), percent);

describe('deletions stop', () => {
  test.each([
    ['at more than a tenth', 101, 1000, undefined, undefined, true],
    ['not at a tenth', 100, 1000, undefined, undefined, false],
    ['not below twenty rows, however few there are', 19, 19, undefined, undefined, false],
    ['at twenty rows', 20, 20, undefined, undefined, true],
    ['not within a count that is allowed', 101, 1000, '101', undefined, false],
    ['beyond it', 102, 1000, '101', undefined, true],
    ['not within a share that is allowed', 125, 1000, '12.5%', undefined, false],
    ['beyond it', 126, 1000, '12.5%', undefined, true],
    ['never when all may go', 1000, 1000, '100%', undefined, false],
    ['an allowance never forbids what the threshold lets pass', 100, 1000, '0', undefined, false],
    ['by another threshold', 21, 1000, undefined, 2, true],
    ['not within another threshold', 500, 1000, undefined, 50, false],
  ])('%s', (_, deletions, mapped, allowed, percent, expected) => {
    expect(stops(deletions, mapped, allowed, percent)).toBe(expected);
  });
});

test('what it says would let pass does', () => {
  for (const [deletions, mapped] of [
    [25, 200],
    [999, 1001],
    [334, 1000],
    [20, 61],
  ] as const) {
    const said = massDeletionText('shifts', { deletions, mapped });
    const [rows, share] = [...said.matchAll(/--allow-deletes (\d+(?:\.\d+)?%?)/g)].map((match) => match[1]);
    expect([stops(deletions, mapped), stops(deletions, mapped, rows), stops(deletions, mapped, share)]).toEqual([
      true,
      false,
      false,
    ]);
  }
});
