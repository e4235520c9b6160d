/** The gate of a resolution: what was settled by which rule, and what is open still, with the reason. */
import {
  finishResolutionInput,
  finishResolutionOutput,
  type FinishResolutionInput,
  type FinishResolutionOutput,
} from '../../shared/contracts/resolution.ts';
import { hasVanished } from '../../shared/database/engine/delete-rows.ts';
import { checkpointsOf, endCheckpoint } from '../../shared/database/ledger/checkpoints.ts';
import { openOf } from '../../shared/database/ledger/conflicts.ts';
import { settledBy } from '../../shared/database/ledger/decisions.ts';
import { endOperation } from '../../shared/database/ledger/operations.ts';
import { summarize } from '../../shared/database/ledger/progress.ts';
import { firstFailure, refuseLate } from '../conclude.ts';
import { workerOf } from '../entity-worker.ts';
import { logEnd } from '../run-log.ts';
import { step, type Invocation } from '../step.ts';

const NO_SLICE = -1;
/** A long list is for the database: conflict-resolver status counts them all. */
const MOST_SHOWN = 100;

export async function finishResolution(
  input: FinishResolutionInput,
  deps: Invocation,
): Promise<FinishResolutionOutput> {
  return deps.withSides(`${input.operationId}:finish`, [], async (sides) => {
    const { target } = sides;
    const loaded = await deps.loadOperation(sides, input.operationId);
    refuseLate(loaded.operation, input.execution);
    const { operationId, operationNo } = loaded.operation;
    const stopped = loaded.operation.stopRequested;
    for (const { id, entity, fence, status } of await checkpointsOf(target, operationId)) {
      if (status !== 'in_progress') continue;
      const claim = { operationId, entity, checkpointId: id, fence };
      const left = await hasVanished(workerOf(sides, loaded, claim, NO_SLICE, false, deps));
      await endCheckpoint(target, id, fence, stopped || left ? 'stopped' : 'completed', null);
    }
    const { operation } = await deps.loadOperation(sides, operationId);
    const checkpoints = await checkpointsOf(target, operationId);
    const failure = firstFailure(checkpoints, operation.notes);
    if (failure) throw failure;
    const entities = await summarize(target, operationId);
    const open = await openOf(target, operationNo, MOST_SHOWN);
    const complete = checkpoints.every((checkpoint) => checkpoint.status === 'completed');
    const status = complete ? (open.length > 0 ? 'completed_with_findings' : 'completed') : 'stopped';
    await endOperation(target, operationId, status, entities, null);
    await logEnd(target, operation, { status, entities });
    return {
      operationId,
      batchId: operation.batchLabel,
      status,
      entities,
      settled: await settledBy(target, operationNo),
      unresolved: open,
      notes: [
        ...operation.notes,
        ...(complete ? [] : ['Stopped: what is open still is settled by the same command again.']),
      ],
    };
  });
}

export const handler = step(
  'FinishResolution',
  { input: finishResolutionInput, output: finishResolutionOutput },
  finishResolution,
  'sync',
);
