/** References that waited for an entity or in it, and the last look at its parked rows: alike in every run that carries rows. */
import { linkPending, workParked } from '../shared/database/engine/link.ts';
import { waitsFor } from '../shared/database/engine/pull.ts';
import { pullPending } from '../shared/database/engine/pull-pending.ts';
import { checkpointById, checkpointsOf } from '../shared/database/ledger/checkpoints.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import type { LoadedOperation } from './dependencies.ts';
import { entityOf } from './entity-worker.ts';

/** Entities of this operation that were loaded before and have references to this one that were cut. */
async function waitingChildren(worker: Worker, loaded: LoadedOperation): Promise<Worker[]> {
  const checkpoints = await checkpointsOf(worker.target, worker.operationId);
  return checkpoints.flatMap((checkpoint) => {
    const entity = loaded.entities.get(checkpoint.entity);
    const refers = entity?.references.some((reference) => reference.parent === worker.entity.name && reference.cut);
    if (!refers || checkpoint.status !== 'in_progress' || checkpoint.entity === worker.entity.name) return [];
    return [
      { ...worker, entity: entityOf(loaded, checkpoint.entity), checkpointId: checkpoint.id, fence: checkpoint.fence },
    ];
  });
}

/** Sets what can be set and looks at what is parked, until nothing is left or the time is up. */
export async function linkEntity(
  worker: Worker | null,
  loaded: LoadedOperation,
): Promise<{ readonly rows: number; readonly done: boolean }> {
  let rows = 0;
  let done = true;
  // After a failed slice rows are missing that parked rows wait for: the resume looks at them.
  if (worker === null || (await checkpointById(worker.target, worker.checkpointId)).errorCode !== null)
    return { rows, done };
  const entity = worker.entity.name;
  const children = await waitingChildren(worker, loaded);
  const ended = new Set(
    (await checkpointsOf(worker.target, worker.operationId))
      .filter((c) => c.status === 'completed')
      .map((c) => c.entity),
  );
  const later = [...loaded.entities.keys()].filter((name) => !ended.has(name));
  const looks = [
    () => linkPending(worker),
    () => workParked(worker, later),
    () => linkPending(worker),
    () => pullPending(worker, waitsFor(worker.entity, later)),
    ...children.map((child) => () => linkPending(child, entity)),
  ];
  for (const look of looks) {
    const progress = await look();
    rows += progress.rows;
    done = progress.done;
    if (!progress.done || progress.stopped) break;
  }
  return { rows, done };
}
