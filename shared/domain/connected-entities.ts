/** Entities whose target tables are connected by foreign keys, or are one: what is undone in one must wait for the others. */
import type { Relation } from './catalog.ts';

export interface EntityTable {
  readonly entity: string;
  readonly table: Pick<Relation, 'schema' | 'name' | 'foreignKeys'>;
}

/** @param together further groups that belong together, whatever the foreign keys say now */
export function connectedEntities(
  tables: readonly EntityTable[],
  together: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const leader = new Map(tables.map(({ entity }) => [entity, entity]));
  const find = (entity: string): string => {
    let at = entity;
    for (let next = leader.get(at); next !== undefined && next !== at; next = leader.get(at)) at = next;
    return at;
  };
  const join = (one: string, other: string): void => void leader.set(find(one), find(other));
  const byTable = new Map<string, string>();
  const nameOf = (schema: string, name: string): string => JSON.stringify([schema, name]);
  for (const { entity, table } of tables) {
    const own = nameOf(table.schema, table.name);
    const first = byTable.get(own);
    if (first === undefined) byTable.set(own, entity);
    else join(entity, first);
  }
  for (const { entity, table } of tables)
    for (const key of table.foreignKeys) {
      const parent = byTable.get(nameOf(key.parentSchema, key.parentTable));
      if (parent !== undefined) join(entity, parent);
    }
  for (const [first, ...others] of together) for (const other of others) if (first !== undefined) join(other, first);
  const groups = new Map<string, string[]>();
  for (const { entity } of tables) groups.set(find(entity), [...(groups.get(find(entity)) ?? []), entity]);
  return [...groups.values()];
}
