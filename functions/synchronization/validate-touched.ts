/** Compares what the run wrote of one entity with the source, value by value, before the run is called complete. */
import {
  validateTouchedInput,
  validateTouchedOutput,
  type ValidateTouchedInput,
  type ValidateTouchedOutput,
} from '../../shared/contracts/synchronization.ts';
import { compareTouched } from '../../shared/database/engine/touched.ts';
import { beat, checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { dropHorizon } from '../../shared/database/ledger/horizons.ts';
import { addNote, isOf } from '../../shared/database/ledger/operations.ts';
import { withEntity, workerOf } from '../entity-worker.ts';
import { isOverdue, untilDeadline } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;

export async function validateTouched(input: ValidateTouchedInput, deps: Invocation): Promise<ValidateTouchedOutput> {
  const { operationId, execution, entity } = input;
  const output = (rows: number, after: string | null, done: boolean): ValidateTouchedOutput => ({
    operationId,
    execution,
    entity,
    rows: input.rows + rows,
    after,
    done,
  });
  return deps.withSides(`${operationId}:${entity}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    const { operation } = loaded;
    const checkpoint = (await checkpointsOf(sides.target, operationId)).find((each) => each.entity === entity);
    const { deadline } = operation.request;
    if (!isOf(operation, execution) || checkpoint === undefined || isOverdue(deadline, deps))
      return output(0, input.after, true);
    await beat(sides.target, checkpoint.id, NO_SLICE, deps.host);
    const claim = { operationId, entity, checkpointId: checkpoint.id, fence: checkpoint.fence };
    const worker = workerOf(sides, loaded, claim, NO_SLICE, false, untilDeadline(deps, deadline));
    const compared = await withEntity(sides, loaded, entity, () => compareTouched(worker, input.after));
    if (compared.differing.length > 0) {
      const shown = compared.differing.slice(0, SHOWN).join(', ');
      await addNote(
        sides.target,
        operationId,
        `V001 ${entity}: rows that this run wrote differ from the source, because the target changes them: ${shown}${compared.differing.length > SHOWN ? ` and ${compared.differing.length - SHOWN} more` : ''}`,
      );
      await dropHorizon(sides.target, worker.entity.entityId ?? 0);
    }
    return output(compared.rows, compared.after, compared.done);
  });
}

/** A long list is for a program: data_differentials has all of them. */
const SHOWN = 10;

export const handler = step(
  'ValidateTouched',
  { input: validateTouchedInput, output: validateTouchedOutput },
  validateTouched,
  'sync',
);
