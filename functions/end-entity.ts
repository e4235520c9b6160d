/** The end of one entity's turn: completed, or waiting for entities that have theirs later. */
import { completeEntity } from '../shared/database/engine/complete.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import { checkpointById, checkpointsOf } from '../shared/database/ledger/checkpoints.ts';
import type { LoadedOperation } from './dependencies.ts';

/** @returns what became of its checkpoint */
export async function endEntity(worker: Worker | null, loaded: LoadedOperation): Promise<string> {
  if (worker === null) return 'failed';
  const ended = new Set(
    (await checkpointsOf(worker.target, worker.operationId))
      .filter((c) => c.status === 'completed')
      .map((c) => c.entity),
  );
  const later = [...loaded.entities.keys()].filter((name) => name !== worker.entity.name && !ended.has(name));
  return completeEntity(worker, await checkpointById(worker.target, worker.checkpointId), later, true);
}
