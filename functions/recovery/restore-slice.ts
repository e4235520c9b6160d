/** Brings rows of a backup back, entities that are connected one after the other, until the file is worked through. */
import {
  recoverySliceInput,
  recoverySliceOutput,
  type RecoverySliceInput,
  type RecoverySliceOutput,
} from '../../shared/contracts/recovery.ts';
import { step, type Invocation } from '../step.ts';
import { workRestore } from './slice/restore.ts';

export async function restoreSlice(input: RecoverySliceInput, deps: Invocation): Promise<RecoverySliceOutput> {
  const { operationId, execution, kind, slice, entities } = input;
  const progress = await workRestore(input, deps);
  const done = progress.done || progress.stopped;
  return { operationId, execution, kind, slice, entities, rows: input.rows + progress.rows, done };
}

export const handler = step('RestoreSlice', { input: recoverySliceInput, output: recoverySliceOutput }, restoreSlice);
