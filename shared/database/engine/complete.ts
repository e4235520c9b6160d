/** Ends an entity's checkpoint in the state that its batches prove. */
import { CHANGES_ONLY, endCheckpoint, type Checkpoint } from '../ledger/checkpoints.ts';
import { allSlicesDone, writtenBy } from '../ledger/progress.ts';
import { dropOlder } from '../sql/vanished.ts';
import { hasVanished } from './delete-rows.ts';
import { finishEntity } from './finish.ts';
import { linkPending, settleUnlinked, workParked } from './link.ts';
import { settleListed } from './listed.ts';
import { pullPending } from './pull-pending.ts';
import type { Worker } from './worker.ts';

/**
 * `waiting`: a reference was cut, and the entity that it leads to has its turn later; or rows are to be deleted, which is
 * done when all entities had their turn. The end of the run settles it.
 */
export type Completion = 'completed' | 'stopped' | 'failed' | 'waiting';

/** References and rows of the entity that wait for one that this run loads later. */
async function waits(worker: Worker, later: readonly string[]): Promise<boolean> {
  const columns = worker.entity.references
    .filter((reference) => later.includes(reference.parent))
    .map((reference) => reference.column);
  if (columns.length === 0) return false;
  const row = await worker.target.one<{ waits: string }>(
    `SELECT (EXISTS (SELECT FROM portage.pending_references WHERE entity_id = $1 AND column_name = ANY ($2::text[]))
       OR EXISTS (SELECT FROM portage.parked_rows WHERE entity_id = $1))::text AS waits`,
    [worker.entity.entityId, columns],
  );
  return row.waits === 'true';
}

/**
 * @param later entities that still have their turn in this run
 * @param deletesFollow rows of the list have their turn later; otherwise one that is left was not worked on
 */
export async function completeEntity(
  worker: Worker,
  checkpoint: Checkpoint,
  later: readonly string[],
  deletesFollow: boolean,
): Promise<Completion> {
  const { target } = worker;
  if (checkpoint.errorCode !== null) {
    await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'failed', {
      code: checkpoint.errorCode,
      message: checkpoint.errorMessage ?? '',
    });
    return 'failed';
  }
  if (!(await allSlicesDone(target, checkpoint.id, checkpoint.slices ?? []))) {
    await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'stopped', null);
    return 'stopped';
  }
  if (await waits(worker, later)) return 'waiting';
  for (const look of [workParked, pullPending]) {
    for (let looked = await look(worker, []); !looked.done || looked.stopped; looked = await look(worker, [])) {
      if (!looked.stopped) continue;
      await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'stopped', null);
      return 'stopped';
    }
    await linkPending(worker);
  }
  await settleUnlinked(worker);
  if (await hasVanished(worker)) {
    if (deletesFollow) return 'waiting';
    await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'stopped', null);
    return 'stopped';
  }
  // A list of rows says nothing about the others, and a run that was interrupted before may go on after it.
  if (worker.listed) await settleListed(worker, worker.listed);
  else await target.run(dropOlder(worker.entity, worker.operationNo));
  const sawAll = !worker.listed && worker.mode !== 'missing-only' && checkpoint.mode !== CHANGES_ONLY;
  const written = await writtenBy(target, checkpoint.id);
  await finishEntity(target, worker.entity, {
    operationNo: worker.operationNo,
    sawAll,
    written,
    beside: worker.beside,
  });
  const ended = await endCheckpoint(target, checkpoint.id, checkpoint.fence, 'completed', null);
  return ended === 1 ? 'completed' : 'failed';
}
