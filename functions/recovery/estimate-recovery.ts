/** What a real run would do with an item of the plan, found by reading. */
import {
  estimateRecoveryInput,
  estimateRecoveryOutput,
  type EstimateRecoveryInput,
  type EstimateRecoveryOutput,
} from '../../shared/contracts/recovery.ts';
import { step, type Invocation } from '../step.ts';
import { estimateRollback } from './estimate/rollback.ts';

export async function estimateRecovery(
  input: EstimateRecoveryInput,
  deps: Invocation,
): Promise<EstimateRecoveryOutput> {
  const { entities, kept, keptRows, notes } = await estimateRollback(input, deps);
  return { entities, kept, keptRows, notes };
}

export const handler = step(
  'EstimateRecovery',
  { input: estimateRecoveryInput, output: estimateRecoveryOutput },
  estimateRecovery,
);
