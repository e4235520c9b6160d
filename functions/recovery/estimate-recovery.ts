/** What a real run would do with an item of the plan, found by reading. */
import {
  estimateRecoveryInput,
  estimateRecoveryOutput,
  type EstimateRecoveryInput,
  type EstimateRecoveryOutput,
} from '../../shared/contracts/recovery.ts';
import { step, type Invocation } from '../step.ts';
import { estimateBackup } from './estimate/backup.ts';
import { estimateRestore } from './estimate/restore.ts';
import { estimateRollback } from './estimate/rollback.ts';

export async function estimateRecovery(
  input: EstimateRecoveryInput,
  deps: Invocation,
): Promise<EstimateRecoveryOutput> {
  switch (input.kind) {
    case 'backup':
      return estimateBackup(input, deps);
    case 'restore':
      return estimateRestore(input, deps);
    case 'rollback': {
      const { entities, kept, keptRows, notes } = await estimateRollback(input, deps);
      return { entities, kept, keptRows, notes };
    }
  }
}

export const handler = step(
  'EstimateRecovery',
  { input: estimateRecoveryInput, output: estimateRecoveryOutput },
  estimateRecovery,
);
