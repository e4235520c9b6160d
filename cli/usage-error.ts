/** Something was typed that cannot be meant: nothing was done, exit 2. */
import { nearestNames } from '../shared/domain/nearest-name.ts';

export interface UsageFacts {
  readonly got?: string;
  readonly expected?: string;
  readonly where?: string;
  readonly next?: string;
}

export class UsageError extends Error {
  readonly facts: UsageFacts;

  constructor(message: string, facts: UsageFacts = {}) {
    super(message);
    this.name = 'USAGE';
    this.facts = facts;
  }
}

/** A name that nobody knows: the nearest valid ones, or all of them where none is near. */
export function unknownName(what: string, typed: string, valid: readonly string[], facts: UsageFacts = {}): UsageError {
  const near = nearestNames(typed, valid);
  return new UsageError(`Unknown ${what}: ${typed}`, {
    got: typed,
    expected: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `one of ${valid.join(', ')}`,
    ...facts,
  });
}
