/**
 * Entities that write one table and say whose a row is by constants which are two texts of one value: 1 and 01, or letters of a
 * type that does not tell case (SEMANTICS 10). Only the target knows.
 */
import { columnOf, relationText } from '../../domain/catalog.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { equals } from '../../domain/value-types.ts';
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { fault, type CatalogFault } from './faults.ts';

/** Constants among the identity columns. */
const constantsOf = ({ normal }: CheckedEntity): ReadonlyMap<string, string> =>
  new Map(
    normal.columns.flatMap((column) =>
      column.kind === 'constant' && column.value !== null && normal.target.identity.includes(column.column)
        ? [[column.column, column.value] as const]
        : [],
    ),
  );

/** Over both constants: they are not one value. None where the texts are alike, which is found without a database. */
function differences(one: CheckedEntity, other: CheckedEntity): readonly string[] {
  const others = constantsOf(other);
  return [...constantsOf(one)].flatMap(([name, value]) => {
    const column = one.target === null ? undefined : columnOf(one.target, name);
    const theirs = others.get(name);
    if (column === undefined || theirs === undefined || theirs === value) return [];
    const typed = (text: string): string => `(${quoteLiteral(text)}::text)::${column.type}`;
    return [`NOT (${typed(value)} ${equals(column)} ${typed(theirs)})`];
  });
}

/** A constant that is no value of its column is a fault of its own (target-faults.ts). */
const unlessNoValue = (error: unknown): null => {
  if (error instanceof PortageError) return null;
  throw error;
};

export async function sharedFaults(target: Session, entities: readonly CheckedEntity[]): Promise<CatalogFault[]> {
  const faults: CatalogFault[] = [];
  for (const [i, one] of entities.entries()) {
    const table = relationText(one.normal.target.relation);
    for (const other of entities.slice(0, i)) {
      if (relationText(other.normal.target.relation) !== table) continue;
      const differs = differences(one, other);
      if (differs.length === 0) continue;
      const row = await target
        .one<{ differ: string }>(`SELECT (${differs.join(' OR ')})::text AS differ`)
        .catch(unlessNoValue);
      if (row?.differ !== 'false') continue;
      faults.push(
        fault(
          one.path('target', 'identity'),
          `${other.name} and ${one.name} write the same table, and their constants are one value to it`,
          [...constantsOf(one)].map(([column, value]) => `${column} = ${JSON.stringify(value)}`).join(', '),
          'an identity column in both that is a {"value": ...}, with another value in each',
        ),
      );
    }
  }
  return faults;
}
