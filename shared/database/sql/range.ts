/** Key ranges, half open: (from, to], null is open. Gapless by construction, so that no row is in two ranges or in none. */
import type { OrderKind } from '../../domain/order-kind.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';

export interface KeyRange {
  readonly from: string | null;
  readonly to: string | null;
}

/** A key in its order form, as SQL. */
export function keyLiteral(order: OrderKind, key: string): string {
  if (order === 'text') return `${quoteLiteral(key)} COLLATE "C"`;
  if (!/^-?\d{1,19}$/.test(key))
    throw new PortageError('SYS002', 'not a legacy key of this entity', { got: key, expected: 'an integer' });
  return `'${key}'::bigint`;
}

/** The conditions of a range on an expression of the entity's order form; none for the whole line. */
export const inRange = (order: OrderKind, key: string, range: KeyRange): readonly string[] => [
  ...(range.from === null ? [] : [`${key} > ${keyLiteral(order, range.from)}`]),
  ...(range.to === null ? [] : [`${key} <= ${keyLiteral(order, range.to)}`]),
];

export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'true' : conditions.join(' AND ');
