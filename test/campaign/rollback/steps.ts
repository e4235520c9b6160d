/** What may happen next to rows that were migrated, drawn at random. */
import fc from 'fast-check';
import type { Difference } from './facts.ts';

export const KEYS = 6;
const key = fc.integer({ min: 1, max: KEYS });
const value = fc.integer({ min: 0, max: 2 });
/** The operation dies around its state of work, or is asked to stop at the border of a batch; then it is begun again. */
const death = fc.constantFrom('none', 'none', 'before', 'after', 'stop');
/** Of an operation that another one follows: what it did before it died would be neither the one's nor the other's. */
const early = fc.constantFrom('none', 'none', 'before', 'stop');
const winner = fc.constantFrom('source_wins' as const, 'target_wins' as const);
const include = fc.subarray<Difference>(['value', 'missing', 'reappeared']);

/** What others do, on either side; a row is planted whose key nobody has migrated yet. */
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('source' as const), key, a: value, b: value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('edit' as const), key, column: fc.constantFrom('a', 'b', 'note'), value }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('plant' as const), key, a: value, b: value }) },
);
export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
const some = (maxLength: number): fc.Arbitrary<Change[]> => fc.array(change, { maxLength, size: 'max' });

const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('migrate' as const), death }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sync' as const), winner, death: early }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('resolve' as const), winner, include, force: fc.boolean(), death: early }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      of: fc.constantFrom('migrate' as const, 'sync' as const),
      by: fc.constantFrom('resume' as const, 'migrate' as const),
      winner,
      meanwhile: some(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('backup' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const), death }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('rollback' as const), back: fc.nat({ max: 3 }), death }) },
);

/** Without the bias for small things: in a sequence of few changes hardly anything meets. */
export const steps = fc.noBias(
  fc.array(fc.record({ before: some(5), then: operation }), { minLength: 3, maxLength: 8, size: 'max' }),
);
