/** What a rollback would do, found by reading. */
import type { EstimateRecoveryInput, EstimateRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import type { Invocation } from '../../step.ts';

export async function estimateRollback(
  input: EstimateRecoveryInput,
  deps: Invocation,
): Promise<EstimateRecoveryOutput> {
  void deps;
  return { entities: Object.fromEntries(input.entities.map(() => [])), kept: [], keptRows: 0, notes: [] };
}
