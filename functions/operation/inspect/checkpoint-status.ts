/** `migration-analyzer checkpoint-status`. */
import { listBackups } from '../../../shared/database/inspect/backup-list.ts';
import { listCheckpoints, type ListedCheckpoint } from '../../../shared/database/inspect/checkpoint-list.ts';
import { runningOperations, type RunningOperation } from '../../../shared/database/inspect/running-operations.ts';
import { runningValidations, type ValidationProgress } from '../../../shared/database/inspect/validation-progress.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import type { CheckpointStatus } from '../../../shared/database/ledger/checkpoints.ts';
import { entityIds } from '../../../shared/database/ledger/entities.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { Invocation } from '../../step.ts';

export interface CheckpointStatusRequest {
  readonly entity?: 'all' | readonly string[];
  readonly status?: CheckpointStatus;
  readonly history: boolean;
}

interface CheckpointStatusAnswer {
  readonly checkpoints: readonly ListedCheckpoint[];
  /** Operations that run now. */
  readonly operations?: readonly RunningOperation[];
  /** Validations that run now. */
  readonly validations?: readonly ValidationProgress[];
  readonly notes?: readonly string[];
}

export async function checkpointStatus(
  request: CheckpointStatusRequest,
  deps: Invocation,
): Promise<CheckpointStatusAnswer> {
  const map = await deps.configuredMap();
  return deps.withTarget('checkpoint-status', async (target) => {
    const hasLedger = (await ledgerVersion(target)) > 0;
    // An entity that left the map keeps its history.
    const known = new Set([
      ...Object.keys(map.entities),
      ...(hasLedger ? (await entityIds(target, map.name)).keys() : []),
    ]);
    const entities = request.entity === undefined ? null : selectEntities(request.entity, [...known]);
    if (!hasLedger)
      return { checkpoints: [], notes: ['the target database has no ledger yet: nothing was ever migrated'] };
    const { history, status = null } = request;
    const filter = { mapName: map.name, entities, status, history };
    const validations = status === null ? await runningValidations(target, map.name) : [];
    const operations = status === null ? await runningOperations(target, map.name) : [];
    return {
      ...(operations.length === 0 ? {} : { operations }),
      checkpoints: [...(await listBackups(target, filter)), ...(await listCheckpoints(target, filter))],
      ...(validations.length === 0 ? {} : { validations }),
    };
  });
}
