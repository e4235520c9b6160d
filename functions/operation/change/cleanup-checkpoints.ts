/** `migration-analyzer cleanup-checkpoints`: says first what cannot be taken back any more, by its dry run. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import {
  deleteCheckpoints,
  forgetUndo,
  oldCheckpoints,
  oldUndo,
  tidy,
} from '../../../shared/database/ledger/cleanup.ts';
import type { CleanupCheckpointsAnswer } from '../../../shared/operations/migration-analyzer/cleanup-checkpoints.ts';
import type { Invocation } from '../../step.ts';

export interface CleanupCheckpointsRequest {
  readonly olderThanDays: number;
  readonly force: boolean;
  readonly dryRun: boolean;
}

const RETENTION_DAYS = 30;
const SHOWN = 100;

export async function cleanupCheckpoints(
  { olderThanDays, force, dryRun }: CleanupCheckpointsRequest,
  deps: Invocation,
): Promise<CleanupCheckpointsAnswer> {
  const undoRetentionDays = deps.settings(await deps.configuredMap()).undoRetentionDays ?? RETENTION_DAYS;
  const facts = { dryRun, olderThanDays, undoRetentionDays };
  return deps.withTarget('cleanup-checkpoints', async (target) => {
    if ((await ledgerVersion(target)) === 0)
      return { ...facts, removed: 0, checkpoints: [], needed: 0, notUndoable: [] };
    const notUndoable = await oldUndo(target, olderThanDays, undoRetentionDays, force);
    const gone = notUndoable.map(({ operationId }) => operationId);
    const { old, needed } = await oldCheckpoints(target, olderThanDays, gone);
    if (!dryRun) {
      for (const operationId of gone) await forgetUndo(target, operationId);
      await deleteCheckpoints(
        target,
        old.map(({ id }) => id),
      );
      await tidy(target, ['migration_checkpoints', 'synchronization_jobs']);
    }
    return { ...facts, removed: old.length, checkpoints: old.slice(0, SHOWN), needed, notUndoable };
  });
}
