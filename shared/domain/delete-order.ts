/**
 * The order in which rows that are gone are deleted: by the foreign keys of the target, rows that refer before rows that
 * they refer to. Entities whose tables refer to each other in a circle, or share a table, go together.
 */
import type { Relation } from './catalog.ts';
import { components } from './waves.ts';

type Table = Pick<Relation, 'schema' | 'name' | 'foreignKeys'>;

/** Groups of the chosen entities, children first. */
export function deleteOrder(
  entities: readonly string[],
  target: (entity: string) => Table | undefined,
  chosen: (entity: string) => boolean,
): readonly (readonly string[])[] {
  const isTable = (table: Table | undefined, schema: string, name: string): boolean =>
    table?.schema === schema && table.name === name;
  const parents = (entity: string): readonly string[] => {
    const own = target(entity);
    return entities.filter((other) => {
      const table = target(other);
      if (own === undefined || other === entity) return false;
      return (
        isTable(table, own.schema, own.name) ||
        own.foreignKeys.some((key) => isTable(table, key.parentSchema, key.parentTable))
      );
    });
  };
  return [...components(entities, parents)]
    .reverse()
    .map((group) => group.filter(chosen))
    .filter((group) => group.length > 0);
}
