/** `migration-analyzer cleanup-differentials`. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { countOldDifferentials, deleteOldDifferentials, tidy } from '../../../shared/database/ledger/cleanup.ts';
import type { CleanupDifferentialsAnswer } from '../../../shared/operations/migration-analyzer/cleanup-differentials.ts';
import type { Invocation } from '../../step.ts';

export interface CleanupDifferentialsRequest {
  readonly resolvedOlderThanDays: number;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function cleanupDifferentials(
  { resolvedOlderThanDays, force, dryRun }: CleanupDifferentialsRequest,
  deps: Invocation,
): Promise<CleanupDifferentialsAnswer> {
  const facts = { dryRun, resolvedOlderThanDays };
  return deps.withTarget('cleanup-differentials', async (target) => {
    if ((await ledgerVersion(target)) === 0) return { ...facts, removed: 0, needed: 0 };
    const { old, needed } = await countOldDifferentials(target, resolvedOlderThanDays, force);
    const removed = dryRun ? old : await deleteOldDifferentials(target, resolvedOlderThanDays, force);
    if (!dryRun) await tidy(target, ['data_differentials']);
    return { ...facts, removed, needed };
  });
}
