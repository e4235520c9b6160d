/** `conflict-resolver status`: what somebody has to decide. */
import type {
  ConflictStatusRequest,
  ConflictStatusAnswer,
} from '../../../shared/operations/conflict-resolver/status.ts';
import { conflictCounts, oldestOpen } from '../../../shared/database/inspect/conflicts.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import type { Invocation } from '../../step.ts';

export async function conflictStatus(
  { unresolvedOnly }: ConflictStatusRequest,
  deps: Invocation,
): Promise<ConflictStatusAnswer> {
  const map = await deps.configuredMap();
  return deps.withTarget('conflict-status', async (target) => {
    if ((await ledgerVersion(target)) === 0) return { conflicts: [], open: [] };
    return {
      conflicts: [...(await conflictCounts(target, map.name, unresolvedOnly))],
      open: await oldestOpen(target, map.name),
    };
  });
}
