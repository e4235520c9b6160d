/** A slice of a rollback: takes its entities, then works through its steps until none is left or the time is up. */
import type { RecoverySliceInput } from '../../../shared/contracts/recovery.ts';
import { takeBack } from '../../../shared/database/engine/rollback.ts';
import type { SliceProgress } from '../../../shared/database/engine/slice.ts';
import { beat, checkpointsOf, claimEntity, type Checkpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { mustBeOf, readOperation, type Operation } from '../../../shared/database/ledger/operations.ts';
import { nextStep } from '../../../shared/database/ledger/rollback-steps.ts';
import { takenBackBy } from '../../../shared/database/ledger/rollbacks.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';
import { entitiesOf, undoingOf } from '../rollback/undoing.ts';
import { isOwner, ownerOf } from '../../../shared/domain/owner.ts';

/** Checkpoints of the slice's entities, taken by this execution: once, so that the number is raised once. */
export async function takeAll(
  sides: Sides,
  rollback: Operation,
  entities: readonly string[],
  deps: Invocation,
): Promise<Checkpoint[]> {
  const { target } = sides;
  const taken: Checkpoint[] = [];
  for (const planned of await checkpointsOf(target, rollback.operationId)) {
    if (!entities.includes(planned.entity)) continue;
    const mine = planned.status === 'in_progress' && isOwner(planned.owner, rollback.execution);
    const { entity_id: entityId } = await target.one<{ entity_id: string }>(
      'SELECT entity_id FROM portage.migration_checkpoints WHERE id = $1',
      [planned.id],
    );
    const checkpoint = mine
      ? planned
      : await claimEntity(target, {
          operation: rollback,
          entity: planned.entity,
          entityId: Number(entityId),
          owner: ownerOf(rollback.execution, deps.host),
          catalogHash: planned.catalogHash,
          leaseSeconds: deps.config.leaseSeconds,
        });
    await beat(target, checkpoint.id, 0, deps.host);
    taken.push(checkpoint);
  }
  return taken;
}

export async function workRollback(input: RecoverySliceInput, deps: Invocation): Promise<SliceProgress> {
  return deps.withSides(`${input.operationId}:rollback`, [], async (sides) => {
    const { target } = sides;
    const rollback = await readOperation(target, input.operationId);
    mustBeOf(rollback, input.execution);
    if (rollback.stopRequested) return { rows: 0, done: true, stopped: true };
    const checkpoints = await takeAll(sides, rollback, input.entities, deps);
    const operations = (await takenBackBy(target, rollback.operationNo)).map((each) => each.operationNo);
    let rows = 0;
    for (;;) {
      const step = await nextStep(target, rollback.operationNo, input.slice);
      if (step === null) return { rows, done: true, stopped: false };
      const of = await deps.loadOperation(sides, step.operationId);
      const names = await entitiesOf(target, of, step, input.entities);
      const undoing = await undoingOf(sides, of, rollback, { ...step, slice: input.slice }, names, checkpoints, deps);
      const outcome = await takeBack(undoing, step, operations);
      if (outcome.stopped) return { rows, done: true, stopped: true };
      rows += outcome.rows;
      if (deps.timeIsUp()) return { rows, done: false, stopped: false };
    }
  });
}
