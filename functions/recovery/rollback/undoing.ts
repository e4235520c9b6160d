/** What a rollback works with: entities as the operation knew them that is taken back, with what the catalog says of their tables now. */
import { readReferencing } from '../../../shared/database/catalog/read-referencing.ts';
import { readRest } from '../../../shared/database/catalog/read-rest.ts';
import type { Undoing } from '../../../shared/database/engine/rollback-step.ts';
import { basesAreOf } from '../../../shared/database/ledger/bases.ts';
import type { Checkpoint } from '../../../shared/database/ledger/checkpoints.ts';
import type { Operation } from '../../../shared/database/ledger/operations.ts';
import type { NextStep } from '../../../shared/database/ledger/rollback-steps.ts';
import type { Session } from '../../../shared/database/session.ts';
import { createUndo } from '../../../shared/database/sql/undo.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { LoadedOperation, Sides } from '../../dependencies.ts';
import { entityOf, workerOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';

/** Of the chosen entities those that the step wrote. */
export async function entitiesOf(
  target: Session,
  of: LoadedOperation,
  step: Pick<NextStep, 'operationNo' | 'batches'>,
  chosen: readonly string[],
): Promise<string[]> {
  const rows = await target.rows<{ entity: string }>(
    `SELECT e.entity FROM portage.entities e WHERE e.entity = ANY ($3::text[]) AND e.map_name = $4 AND (
       EXISTS (SELECT FROM portage.undo_inserts u WHERE u.batch_no = ANY ($2::bigint[]) AND u.operation_no = $1 AND u.entity_id = e.entity_id)
       OR EXISTS (SELECT FROM portage.undo_log u WHERE u.batch_no = ANY ($2::bigint[]) AND u.operation_no = $1 AND u.entity_id = e.entity_id)) ORDER BY e.entity_id`,
    [step.operationNo, step.batches, chosen, of.map.name],
  );
  return rows.map((row) => row.entity);
}

/** Who takes back, and which operation: of a dry run nobody does. */
export interface Undoer {
  readonly operationNo: number;
  readonly operationId: string;
}

export async function undoingOf(
  sides: Sides,
  of: LoadedOperation,
  rollback: Operation | Undoer,
  step: Pick<NextStep, 'operationNo' | 'again'> & { readonly slice: number },
  names: readonly string[],
  checkpoints: readonly Checkpoint[],
  deps: Invocation,
): Promise<Undoing[]> {
  const { target } = sides;
  const { operationNo: rollbackNo, operationId } = rollback;
  const loaded = { ...of, operation: { ...of.operation, ...rollback } };
  const group: Undoing[] = [];
  for (const name of names) {
    const entity = entityOf(of, name);
    const checkpoint = checkpoints.find((each) => each.entity === name);
    const relation = of.relations.get(name)?.target;
    if (relation === undefined)
      throw new PortageError('SYS008', 'an entity of a rollback has no table', { where: name });
    const claim = { operationId, entity: name, checkpointId: checkpoint?.id ?? '', fence: checkpoint?.fence ?? 0 };
    await target.run(createUndo(entity));
    group.push({
      worker: workerOf(sides, loaded, claim, step.slice, false, deps),
      relation,
      rest: await readRest(target, entity),
      keys: await readReferencing(target, entity.target.table),
      facts: {
        rollbackNo,
        operationNo: step.operationNo,
        ofRollback: of.operation.operationType === 'rollback',
        again: step.again,
        comparable: await basesAreOf(target, entity),
      },
    });
  }
  return group;
}
