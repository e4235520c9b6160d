/** The end of a restore: what came back, what stays as it is, and whether anything is left to do. */
import type { FinishRecoveryInput, FinishRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import { finishEntity } from '../../../shared/database/engine/finish.ts';
import { anyWaitingRestore, readProof } from '../../../shared/database/ledger/backups.ts';
import { checkpointsOf, endCheckpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { countKept, keptRows } from '../../../shared/database/ledger/kept-rows.ts';
import { endOperation, mustBeOf } from '../../../shared/database/ledger/operations.ts';
import { allSlicesDone, summarize, writtenBy } from '../../../shared/database/ledger/progress.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { entityOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';
import { notedFailure } from './noted-failure.ts';

/** So many of the kept rows stand in the answer; a state holds no more. */
const SHOWN = 200;

export async function finishRestore(input: FinishRecoveryInput, deps: Invocation): Promise<FinishRecoveryOutput> {
  return deps.withSides(`${input.operationId}:finish`, [], async (sides) => {
    const { target } = sides;
    const loaded = await deps.loadOperation(sides, input.operationId);
    const { operation } = loaded;
    const { operationId, operationNo } = operation;
    const ended = operation.status.startsWith('completed') && operation.execution === input.execution;
    // The service may run this step twice: an operation that this execution has completed is completed again.
    if (!ended) mustBeOf(operation, input.execution);
    const failure = notedFailure(operation);
    if (failure) throw failure;
    let complete = true;
    for (const { entity, id, fence, status, slices } of await checkpointsOf(target, operationId)) {
      if (status === 'completed') continue;
      const waits = await anyWaitingRestore(target, operationNo, entityOf(loaded, entity).entityId ?? 0);
      const done = status === 'in_progress' && !waits && slices !== null && (await allSlicesDone(target, id, slices));
      complete &&= done;
      if (status !== 'in_progress') continue;
      if (done)
        await finishEntity(target, entityOf(loaded, entity), {
          operationNo,
          sawAll: false,
          written: await writtenBy(target, id),
        });
      await endCheckpoint(target, id, fence, done ? 'completed' : 'stopped', null);
    }
    const kept = await countKept(target, operationNo);
    const status = !complete ? 'stopped' : kept > 0 ? 'completed_with_findings' : 'completed';
    const entities = await summarize(target, operationId);
    await endOperation(target, operationId, status, entities, null);
    const proof = await readProof(target, operationNo);
    if (proof === null) throw new PortageError('SYS008', 'a restore has no file', { where: operationId });
    return {
      operationId,
      batchId: operation.batchLabel,
      dryRun: false,
      status,
      entities,
      operations: [],
      kept: await keptRows(target, operationNo, SHOWN),
      keptRows: kept,
      backup: {
        file: proof.file,
        sha256: proof.sha256,
        bytes: null,
        rows: Object.values(proof.rows).reduce((sum, rows) => sum + rows, 0),
        encrypted: proof.header.encryption !== null,
        takenAt: proof.header.takenAt,
      },
      notes: [...new Set([...operation.notes, ...input.plan.notices])],
    };
  });
}
