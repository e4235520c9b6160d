/** Takes back the transactions of some operations, the last one first, until all are or the time is up. */
import {
  recoverySliceInput,
  recoverySliceOutput,
  type RecoverySliceInput,
  type RecoverySliceOutput,
} from '../../shared/contracts/recovery.ts';
import { step, type Invocation } from '../step.ts';
import { workRollback } from './slice/rollback.ts';

export async function rollbackSlice(input: RecoverySliceInput, deps: Invocation): Promise<RecoverySliceOutput> {
  const { operationId, execution, kind, slice, entities } = input;
  const progress = await workRollback(input, deps);
  const done = progress.done || progress.stopped;
  return { operationId, execution, kind, slice, entities, rows: input.rows + progress.rows, done };
}

export const handler = step('RollbackSlice', { input: recoverySliceInput, output: recoverySliceOutput }, rollbackSlice);
