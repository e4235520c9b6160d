/** Writes the backup: within one snapshot, so that it is done in one go or not at all. */
import {
  createFullBackupRequest,
  recoverySliceInput,
  recoverySliceOutput,
  type RecoverySliceInput,
  type RecoverySliceOutput,
} from '../../shared/contracts/recovery.ts';
import { mustBeOf } from '../../shared/database/ledger/operations.ts';
import { step, type Invocation } from '../step.ts';
import { takeBackup } from '../take-backup.ts';

export async function backupSlice(input: RecoverySliceInput, deps: Invocation): Promise<RecoverySliceOutput> {
  const { operationId, execution, kind, slice, entities } = input;
  return deps.withSides(`${operationId}:backup`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    mustBeOf(loaded.operation, execution);
    const { output } = createFullBackupRequest.parse(loaded.operation.request);
    const result = await takeBackup({ operation: loaded.operation, loaded, entities, output }, sides, deps);
    const rows = Object.values(result.entities).reduce((sum, each) => sum + each.rows, 0);
    return { operationId, execution, kind, slice, entities, rows: input.rows + rows, done: true };
  });
}

export const handler = step('BackupSlice', { input: recoverySliceInput, output: recoverySliceOutput }, backupSlice);
