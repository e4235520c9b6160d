/**
 * How rows are settled that both sides changed (SEMANTICS 15): a strategy, and a second one for what the first cannot
 * decide. Where neither decides, the conflict stays open for a person.
 */
import { PortageError } from './errors.ts';

/** In the order in which documentation and messages name them. */
export const STRATEGIES = ['source_wins', 'target_wins', 'newest_wins', 'merge_fields', 'manual'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Differences that a strategy may be asked to settle, by their comparison_type. */
export const SETTLED_BY_DEFAULT = ['conflict', 'adopted'] as const;
export const SETTLED_ON_REQUEST = ['reappeared', 'value', 'missing', 'deleted'] as const;
export type Settleable = (typeof SETTLED_BY_DEFAULT)[number] | (typeof SETTLED_ON_REQUEST)[number];

export interface Settlement {
  readonly first: Strategy;
  /** What decides where the first cannot; null: nothing does, and the row stays a conflict (S005). */
  readonly second: Strategy | null;
  readonly types: readonly Settleable[];
  /** Only rows that are as they were when their difference was recorded; a row that moved on is recorded anew. */
  readonly asRecorded: boolean;
}

const isStrategy = (name: string): name is Strategy => (STRATEGIES as readonly string[]).includes(name);

/** `merge_fields then source_wins`. @throws PortageError SYS002 for anything else */
export function parseStrategies(text: string): { readonly first: Strategy; readonly second: Strategy | null } {
  const [first = '', second, ...more] = text.split(' then ');
  if (isStrategy(first) && more.length === 0 && second !== first) {
    if (second === undefined) return { first, second: null };
    if (isStrategy(second)) return { first, second };
  }
  throw new PortageError('SYS002', 'not a strategy for conflicts', {
    got: text,
    expected: `one of ${STRATEGIES.join(', ')}, or two of them as "X then Y"`,
  });
}

/** What a synchronization settles: never a key that appears again, which may be somebody else's now (SEMANTICS 14). */
export const settlementOf = (strategies: string): Settlement => ({
  ...parseStrategies(strategies),
  types: SETTLED_BY_DEFAULT,
  asRecorded: false,
});

/** Nothing but a person decides. */
export const decidesNothing = ({ first }: Settlement): boolean => first === 'manual';

export const comparesMoments = ({ first, second }: Settlement): boolean =>
  first === 'newest_wins' || second === 'newest_wins';

/** What an operation settles, by its type and by what it was asked; null: it records and leaves alone. */
export function settlementFor(
  type: string,
  request: Readonly<Record<string, unknown>>,
  ofEntity: string,
): Settlement | null {
  if (type === 'resolution') return resolutionOf(request, ofEntity);
  if (type !== 'synchronization') return null;
  const { conflictResolution } = request;
  return settlementOf(typeof conflictResolution === 'string' ? conflictResolution : ofEntity);
}

/**
 * What a person asks to settle. A strategy that needs a second one takes that of the map, where the map names it after the
 * same first one. What stands in `include` is settled beside conflicts.
 */
export function resolutionOf(request: Readonly<Record<string, unknown>>, ofEntity: string): Settlement {
  const { strategy, include, force } = request;
  const asked = parseStrategies(typeof strategy === 'string' ? strategy : 'manual');
  const mapped = parseStrategies(ofEntity);
  const second = asked.second ?? (mapped.first === asked.first ? mapped.second : null);
  const more = Array.isArray(include) ? SETTLED_ON_REQUEST.filter((type) => include.includes(type)) : [];
  return { first: asked.first, second, types: [...SETTLED_BY_DEFAULT, ...more], asRecorded: force !== true };
}
