/**
 * Rows that refer to each other in a circle: what is staged becomes a closed set, and its references are resolved inside of it
 * (closed-set.ts, rehearse.ts).
 */
import type { CompiledReference } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { decidesNothing } from '../../domain/settlement.ts';
import { demote, missingParents, resolveWithin, type Revived } from '../sql/closure.ts';
import { stage } from '../sql/scratch.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';
import { MOST_KEYS } from './most-keys.ts';

interface Inside {
  readonly reference: CompiledReference;
  readonly parent: Worker;
}

/** Which references must lead to a row of the set. */
type Follows = (reference: CompiledReference) => boolean;
const ALL: Follows = () => true;

const inside = (worker: Worker, circle: readonly Worker[], follows: Follows): readonly Inside[] =>
  worker.entity.references.filter(follows).flatMap((reference) => {
    const parent = circle.find((other) => other.entity.name === reference.parent);
    return parent === undefined ? [] : [{ reference, parent }];
  });

/** Rows that are gone together can only come back together: a circle's, where the run writes such rows at all (SEMANTICS 14). */
const revivedBy = ({ mode, settlement }: Worker): Revived => {
  if (mode === 'full') return 'closed';
  return mode === 'missing-only' || (settlement && !decidesNothing(settlement)) ? 'gone' : 'none';
};

/** Step 1. @throws PortageError M007 when the set grows beyond `most` rows. */
export async function close(
  circle: readonly Worker[],
  seed: Worker,
  most: number,
  follows: Follows = ALL,
): Promise<void> {
  let total = 0;
  for (let grew = true; grew;) {
    grew = false;
    for (const child of circle) {
      for (const { reference, parent } of inside(child, circle, follows)) {
        const keys = (
          await child.target.rows<{ key: string }>(
            missingParents(child.entity, reference, parent.entity, MOST_KEYS, revivedBy(seed)),
          )
        ).map((row) => row.key);
        if (keys.length === 0) continue;
        const before = await rowsStaged(parent);
        await stageRows(parent, { keys });
        const added = (await rowsStaged(parent)) - before;
        grew ||= added > 0;
        total += added;
      }
    }
    if (total > most) {
      throw new PortageError(
        'M007',
        `rows of ${circle.map((w) => w.entity.name).join(', ')} that must be written together are too many`,
        {
          got: `more than ${total} rows around a batch of ${seed.entity.name}`,
          expected: `at most ${most} (settings.closureRows)`,
          where: seed.entity.name,
        },
      );
    }
  }
}

export const rowsStaged = async ({ target, entity }: Worker, which = 'true'): Promise<number> =>
  Number((await target.one(`SELECT count(*) AS rows FROM ${stage(entity)} g WHERE ${which}`))['rows']);

/** References among the staged rows: each gets the key that its parent is going to have, or its row cannot be written. */
export async function settle(circle: readonly Worker[], follows: Follows = ALL): Promise<void> {
  for (const worker of circle) {
    const references = inside(worker, circle, follows).map(({ reference, parent }) => ({
      reference,
      parent: parent.entity,
    }));
    for (const statement of resolveWithin(worker.entity, references)) await worker.target.run(statement);
  }
  await demoteAll(circle, follows);
}

/** Repeated until no row changes: whoever needs a row that is not written is not written either. */
export async function demoteAll(circle: readonly Worker[], follows: Follows = ALL): Promise<void> {
  for (let changed = 1; changed > 0;) {
    changed = 0;
    for (const worker of circle)
      for (const { reference, parent } of inside(worker, circle, follows))
        changed += await worker.target.run(demote(worker.entity, reference, parent.entity));
  }
}
