/** A slice of a rollback: takes its entities, then works through its steps until none is left or the time is up. */
import type { RecoverySliceInput } from '../../../shared/contracts/recovery.ts';
import { readReferencing } from '../../../shared/database/catalog/read-referencing.ts';
import { readRest } from '../../../shared/database/catalog/read-rest.ts';
import { takeBack } from '../../../shared/database/engine/rollback.ts';
import type { Undoing } from '../../../shared/database/engine/rollback-step.ts';
import type { SliceProgress } from '../../../shared/database/engine/slice.ts';
import { basesAreOf } from '../../../shared/database/ledger/bases.ts';
import { beat, checkpointsOf, claimEntity, type Checkpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { mustBeOf, readOperation, type Operation } from '../../../shared/database/ledger/operations.ts';
import { nextStep, takenBackBy, type NextStep } from '../../../shared/database/ledger/rollbacks.ts';
import { createUndo } from '../../../shared/database/sql/undo.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { LoadedOperation, Sides } from '../../dependencies.ts';
import { entityOf, workerOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';

/** Checkpoints of the slice's entities, taken by this execution: once, so that the number is raised once. */
export async function takeAll(
  sides: Sides,
  rollback: Operation,
  entities: readonly string[],
  deps: Invocation,
): Promise<Checkpoint[]> {
  const { target } = sides;
  const owner = `${rollback.execution} on`;
  const taken: Checkpoint[] = [];
  for (const planned of await checkpointsOf(target, rollback.operationId)) {
    if (!entities.includes(planned.entity)) continue;
    const mine = planned.status === 'in_progress' && planned.owner.startsWith(owner);
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
          owner: `${owner} ${deps.host}`,
          catalogHash: planned.catalogHash,
          leaseSeconds: deps.config.leaseSeconds,
        });
    await beat(target, checkpoint.id, 0, deps.host);
    taken.push(checkpoint);
  }
  return taken;
}

/** The slice's entities as the operation of a step knew them. */
async function undoingOf(
  sides: Sides,
  of: LoadedOperation,
  rollback: Operation,
  step: NextStep,
  input: RecoverySliceInput,
  checkpoints: readonly Checkpoint[],
  deps: Invocation,
): Promise<Undoing[]> {
  const { target } = sides;
  const written = await target.rows<{ entity: string }>(
    `SELECT e.entity FROM portage.entities e WHERE e.entity = ANY ($3::text[]) AND e.map_name = $4 AND (
       EXISTS (SELECT FROM portage.undo_inserts u WHERE u.batch_no = ANY ($2::bigint[]) AND u.operation_no = $1 AND u.entity_id = e.entity_id)
       OR EXISTS (SELECT FROM portage.undo_log u WHERE u.batch_no = ANY ($2::bigint[]) AND u.operation_no = $1 AND u.entity_id = e.entity_id)) ORDER BY e.entity_id`,
    [step.operationNo, step.batches, input.entities, of.map.name],
  );
  const group: Undoing[] = [];
  for (const { entity: name } of written) {
    const entity = entityOf(of, name);
    const checkpoint = checkpoints.find((each) => each.entity === name);
    const relation = of.relations.get(name)?.target;
    if (checkpoint === undefined || relation === undefined)
      throw new PortageError('SYS008', 'a step of a rollback has no checkpoint', { where: name });
    const claim = {
      operationId: rollback.operationId,
      entity: name,
      checkpointId: checkpoint.id,
      fence: checkpoint.fence,
    };
    const worker = workerOf(sides, { ...of, operation: rollback }, claim, input.slice, false, deps);
    await target.run(createUndo(entity));
    group.push({
      worker,
      relation,
      rest: await readRest(target, entity),
      keys: await readReferencing(target, entity.target.table),
      facts: {
        rollbackNo: rollback.operationNo,
        operationNo: step.operationNo,
        ofRollback: of.operation.operationType === 'rollback',
        again: step.again,
        comparable: await basesAreOf(target, entity),
      },
    });
  }
  return group;
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
      const undoing = await undoingOf(sides, of, rollback, step, input, checkpoints, deps);
      const outcome = await takeBack(undoing, step, operations);
      if (outcome.stopped) return { rows, done: true, stopped: true };
      rows += outcome.rows;
      if (deps.timeIsUp()) return { rows, done: false, stopped: false };
    }
  });
}
