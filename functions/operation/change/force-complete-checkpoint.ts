/** `migration-analyzer force-complete-checkpoint`: no proof, and the ranges that nobody has worked through are kept as unverified. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { checkpointById } from '../../../shared/database/ledger/checkpoints.ts';
import {
  completeCheckpoint,
  refuseLiveOwner,
  UNFINISHED,
  unprovenRanges,
} from '../../../shared/database/ledger/settle.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { ForceCompleteCheckpointAnswer } from '../../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import type { Invocation } from '../../step.ts';

export interface ForceCompleteCheckpointRequest {
  readonly id: string;
  readonly dryRun: boolean;
}

export async function forceCompleteCheckpoint(
  request: ForceCompleteCheckpointRequest,
  deps: Invocation,
): Promise<ForceCompleteCheckpointAnswer> {
  const { leaseSeconds } = deps.config;
  return deps.withTarget('force-complete-checkpoint', async (target) => {
    await refuseUnknown(target, request.id);
    const seen = await checkpointById(target, request.id);
    const answer = { id: seen.id, entity: seen.entity, operationId: seen.operationId, before: seen.status };
    const { dryRun } = request;
    if (!(UNFINISHED as readonly string[]).includes(seen.status))
      return { ...answer, dryRun, after: seen.status, unverified: [] };
    await refuseLiveOwner(target, seen, leaseSeconds, NEXT);
    const unverified = dryRun
      ? await unprovenRanges(target, seen)
      : await completeCheckpoint(target, seen, { status: 'completed_unverified', leaseSeconds });
    return { ...answer, dryRun, after: 'completed_unverified', unverified: [...unverified] };
  });
}

const NEXT = 'Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful';

/** @throws PortageError SYS002 naming the checkpoints that could be meant */
async function refuseUnknown(target: Session, id: string): Promise<void> {
  const hasLedger = (await ledgerVersion(target)) > 0;
  const rows = hasLedger
    ? await target.rows<{ id: string; entity_type: string; status: string; wanted: string }>(
        `SELECT id, entity_type, status, (id = $1)::text AS wanted FROM portage.migration_checkpoints WHERE id = $1 OR status = ANY ($2) ORDER BY created_at DESC`,
        [id, UNFINISHED],
      )
    : [];
  if (rows.some(({ wanted }) => wanted === 'true')) return;
  const open = rows.map((row) => `${row.id} (${row.entity_type}, ${row.status})`).join(', ');
  throw new PortageError('SYS002', `there is no checkpoint ${id}`, {
    got: id,
    expected: open === '' ? 'no checkpoint is unfinished' : open,
    where: 'id',
    next: 'See them all: portage migration-analyzer checkpoint-status --history --json',
  });
}
