/** Whether a job can be what somebody wants it to be: a schedule that fires, entities that there are, a strategy that can decide. */
import type { JobWish } from '../../../shared/database/ledger/jobs.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { suggestion } from '../../../shared/domain/nearest-name.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { scheduleOf } from './wanted.ts';

/** @throws PortageError S004 about the schedule, S001 about anything else */
export function refuseImpossible(wish: JobWish, map: EntityMap): void {
  scheduleOf(wish);
  const known = Object.keys(map.entities);
  const unknown = wish.entities.filter((name) => name !== 'all' && !known.includes(name));
  if (unknown.length > 0) {
    throw new PortageError(
      'S001',
      unknown.map((name) => `there is no entity ${name}${suggestion(name, known)}`).join('; '),
      {
        got: unknown.join(', '),
        expected: known.join(', '),
        where: 'entities',
        next: 'Correct --entities.',
      },
    );
  }
  refuseUndecidable(wish, map);
}

/** newest_wins compares two moments; alone it decides nothing where one of them is not mapped. */
function refuseUndecidable({ conflictResolution, entities }: JobWish, map: EntityMap): void {
  const [first, second] = conflictResolution?.split(' then ') ?? [];
  if (first !== undefined && first === second)
    throw new PortageError('S001', 'the second strategy is the first one again', {
      got: conflictResolution ?? '',
      expected: 'two different ones, or one',
      where: 'conflictResolution',
    });
  if (first !== 'newest_wins' || second !== undefined) return;
  const without = selectEntities(entities, Object.keys(map.entities)).filter((name) => {
    const { source, target } = map.entities[name] ?? {};
    return source?.updatedAt === undefined || target?.updatedAt === undefined;
  });
  if (without.length === 0) return;
  throw new PortageError(
    'S001',
    'newest_wins compares source.updatedAt and target.updatedAt, which the map does not have',
    {
      got: `without them: ${without.join(', ')}`,
      expected: 'both in the map, or a second strategy such as "newest_wins then source_wins"',
      where: 'conflictResolution',
      next: 'Name a second strategy, or other entities.',
    },
  );
}
