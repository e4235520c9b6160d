// The verifier's own adversary: faults of the data, each planted alone and named with its row and kind; faults in the verifier's
// path, which must end in unknown or an error; never in match.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULTS } from './adversary/faults.ts';
import { adversary, foundIn, passes, type Adversary } from './adversary/harness.ts';

let a: Adversary;
beforeAll(async () => void (a = await adversary()));
afterAll(() => a.end());

describe('two databases that agree', () => {
  test('match in every entity', async () => {
    const { answer, failure } = await a.validate('all');

    expect(failure).toBeNull();
    expect(answer).toMatchObject({ verdict: 'match', findings: [], differences: [], coverage: { complete: true } });
  });
});

describe('of the faults of the data', () => {
  test.each(FAULTS.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
    await a.planted(fault, async () => {
      const verdict = await a.validate([fault.entity]);

      expect(passes(verdict)).toBe(false);
      expect(foundIn(verdict)).toEqual(expect.arrayContaining(fault.finds.map((find) => find.join(' '))));
    });
  });
});
