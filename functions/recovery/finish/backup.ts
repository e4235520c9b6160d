/** The end of a backup: the file with its checksum, or why there is none. */
import type { FinishRecoveryInput, FinishRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import { readBackedUp, readBackupRecord } from '../../../shared/database/ledger/backups.ts';
import { endOperation, mustBeOf, readOperation } from '../../../shared/database/ledger/operations.ts';
import { NOTHING } from '../../../shared/domain/action-counts.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { Invocation } from '../../step.ts';
import { notedFailure } from './noted-failure.ts';

export async function finishBackup(input: FinishRecoveryInput, deps: Invocation): Promise<FinishRecoveryOutput> {
  return deps.withTarget(`${input.operationId}:finish`, async (target) => {
    const operation = await readOperation(target, input.operationId);
    const ended = operation.status.startsWith('completed') && operation.execution === input.execution;
    // The service may run this step twice: an operation that this execution has completed is completed again.
    if (!ended) mustBeOf(operation, input.execution);
    const record = await readBackupRecord(target, operation.operationNo);
    if (!record?.sha256)
      throw (
        notedFailure(operation) ??
        new PortageError('M021', 'the backup was not completed', { where: operation.operationId })
      );
    const kept = await readBackedUp(target, operation.operationNo);
    const entities = Object.fromEntries(
      kept.map(({ entity, rows, durationMs }) => [entity, { ...NOTHING, read: rows, unchanged: rows, durationMs }]),
    );
    await endOperation(target, operation.operationId, 'completed', entities, null);
    return {
      operationId: operation.operationId,
      batchId: operation.batchLabel,
      dryRun: false,
      status: 'completed',
      entities,
      operations: [],
      kept: [],
      keptRows: 0,
      backup: { ...record, rows: kept.reduce((sum, each) => sum + each.rows, 0) },
      notes: [...operation.notes, ...input.plan.notices],
    };
  });
}
