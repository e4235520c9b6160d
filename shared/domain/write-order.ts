/** The order in which entities of a circle are written inside their transaction: parents of constraints that cannot wait come first. */
import type { Relation } from './catalog.ts';
import { PortageError } from './errors.ts';
import { components } from './waves.ts';

/** @throws PortageError M007 when constraints that are not deferrable lead in a circle themselves. */
export function writeOrder(
  entities: readonly string[],
  target: (entity: string) => Relation | undefined,
): readonly string[] {
  const parents = (entity: string): readonly string[] =>
    (target(entity)?.foreignKeys ?? [])
      .filter((key) => !key.deferrable)
      .flatMap((key) =>
        entities.filter(
          (other) =>
            other !== entity && target(other)?.schema === key.parentSchema && target(other)?.name === key.parentTable,
        ),
      );
  const groups = components(entities, parents);
  const circle = groups.find((group) => group.length > 1);
  if (circle) {
    throw new PortageError('M007', 'foreign keys that are not deferrable lead in a circle', {
      got: circle.join(' -> '),
      expected: 'at least one of them DEFERRABLE, or a nullable column',
      where: circle.join(', '),
    });
  }
  return groups.flat();
}
