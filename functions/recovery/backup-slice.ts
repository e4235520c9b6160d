/** The slice of a backup; the plan knows no command that leads here yet. */
import {
  recoverySliceInput,
  recoverySliceOutput,
  type RecoverySliceInput,
  type RecoverySliceOutput,
} from '../../shared/contracts/recovery.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { step } from '../step.ts';

export const backupSlice = ({ operationId }: RecoverySliceInput): Promise<RecoverySliceOutput> =>
  Promise.reject(new PortageError('SYS002', 'no command of this version plans a backup', { got: operationId }));

export const handler = step('BackupSlice', { input: recoverySliceInput, output: recoverySliceOutput }, backupSlice);
