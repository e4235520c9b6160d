/** The entities that named ones depend on (`--dependency-order`): a row cannot be written before the rows that it refers to. */
import { normalEntity, type EntityMap } from './entity-map.ts';

/** Entities to which an entity refers, itself left out. */
const parentsOf = (map: EntityMap, name: string): readonly string[] =>
  normalEntity(map, name).columns.flatMap((column) =>
    column.kind === 'reference' && column.parent !== name ? [column.parent] : [],
  );

/** The names with all that they refer to, directly or through others, in the order of the map. */
export function withDependencies(map: EntityMap, names: readonly string[]): readonly string[] {
  const wanted = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (wanted.has(name) || map.entities[name] === undefined) continue;
    wanted.add(name);
    open.push(...parentsOf(map, name));
  }
  return Object.keys(map.entities).filter((name) => wanted.has(name));
}
