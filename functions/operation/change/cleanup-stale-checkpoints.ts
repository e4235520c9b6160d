/** `migration-analyzer cleanup-stale-checkpoints`: a worker that wakes up after it is shut out by the fence. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { staleOperations } from '../../../shared/database/ledger/cleanup.ts';
import { endSessions, fenceOff } from '../../../shared/database/ledger/stop.ts';
import type { CleanupStaleAnswer } from '../../../shared/operations/migration-analyzer/cleanup-stale-checkpoints.ts';
import type { Invocation } from '../../step.ts';

export interface CleanupStaleRequest {
  readonly olderThanHours: number;
  readonly dryRun: boolean;
}

export async function cleanupStaleCheckpoints(
  { olderThanHours, dryRun }: CleanupStaleRequest,
  deps: Invocation,
): Promise<CleanupStaleAnswer> {
  return deps.withTarget('cleanup-stale-checkpoints', async (target) => {
    if ((await ledgerVersion(target)) === 0) return { dryRun, olderThanHours, operations: [] };
    const operations: CleanupStaleAnswer['operations'] = [];
    for (const stale of await staleOperations(target, olderThanHours, deps.config.leaseSeconds)) {
      const message = `no sign of life for ${stale.hours} hours`;
      if (!dryRun) {
        // A session that a dead client left behind holds its fence until it is ended.
        await endSessions(target, stale.operationId);
        await fenceOff(target, stale.operationId, { status: 'failed', code: 'M018', message });
      }
      operations.push({ ...stale, entities: [...stale.entities], after: 'failed' });
    }
    return { dryRun, olderThanHours, operations };
  });
}
