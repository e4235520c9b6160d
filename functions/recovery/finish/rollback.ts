/** The end of a rollback: what it took back has a status of its own, and what it kept is listed. */
import type { FinishRecoveryInput, FinishRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import { analyzeWritten } from '../../../shared/database/engine/finish.ts';
import { checkpointsOf, endCheckpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { countKept, keptRows } from '../../../shared/database/ledger/kept-rows.ts';
import { endOperation, mustBeOf, readOperation } from '../../../shared/database/ledger/operations.ts';
import { summarize, writtenBy } from '../../../shared/database/ledger/progress.ts';
import { markTakenBack, takenBackBy } from '../../../shared/database/ledger/rollbacks.ts';
import { stepsLeft } from '../../../shared/database/ledger/rollback-steps.ts';
import { transaction } from '../../../shared/database/transactions.ts';
import { isErrorCode, PortageError } from '../../../shared/domain/errors.ts';
import type { Invocation } from '../../step.ts';

/** So many of the kept rows stand in the answer; a state holds no more. */
const SHOWN = 200;

export async function finishRollback(input: FinishRecoveryInput, deps: Invocation): Promise<FinishRecoveryOutput> {
  return deps.withTarget(`${input.operationId}:finish`, async (target) => {
    const operation = await readOperation(target, input.operationId);
    const ended = operation.status.startsWith('completed') && operation.execution === input.execution;
    // The service may run this step twice: an operation that this execution has completed is completed again.
    if (!ended) mustBeOf(operation, input.execution);
    const { operationId, operationNo } = operation;
    const checkpoints = await checkpointsOf(target, operationId);
    const failed = checkpoints.find((checkpoint) => checkpoint.status === 'failed');
    if (failed)
      throw new PortageError(
        failed.errorCode !== null && isErrorCode(failed.errorCode) ? failed.errorCode : 'SYS008',
        failed.errorMessage ?? `${failed.entity} failed`,
        { where: failed.entity, next: 'Correct what it failed for, then give the same command again: it continues.' },
      );
    const complete = (await stepsLeft(target, operationNo)) === 0;
    for (const { entity, id, status } of checkpoints)
      if (complete && status === 'in_progress' && (await writtenBy(target, id)) > 0)
        await analyzeWritten(target, operation.mapName, entity);
    await transaction(target, async () => {
      if (complete) await markTakenBack(target, operationNo);
      for (const { id, fence, status } of checkpoints)
        if (status === 'in_progress') await endCheckpoint(target, id, fence, complete ? 'completed' : 'stopped', null);
      const kept = await countKept(target, operationNo);
      const ending = complete ? (kept > 0 ? 'completed_with_findings' : 'completed') : 'stopped';
      await endOperation(target, operationId, ending, await summarize(target, operationId), null);
    });
    const now = await readOperation(target, operationId);
    return {
      operationId,
      batchId: now.batchLabel,
      dryRun: false,
      status: now.status as FinishRecoveryOutput['status'],
      entities: await summarize(target, operationId),
      operations: (await takenBackBy(target, operationNo)).map((each) => each.operationId),
      kept: await keptRows(target, operationNo, SHOWN),
      keptRows: await countKept(target, operationNo),
      notes: [...new Set([...now.notes, ...input.plan.notices])],
    };
  });
}
