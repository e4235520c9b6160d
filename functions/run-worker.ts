/**
 * A worker of a synchronization run. States carry no proof of ownership: it is read from the ledger, together with the
 * execution that the operation belongs to, so that one that wakes late finds nothing that is its own.
 */
import type { Detection } from '../shared/database/ledger/runs.ts';
import { runOfOperation } from '../shared/database/ledger/runs.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import type { Session } from '../shared/database/session.ts';
import type { LoadedOperation } from './dependencies.ts';
import { withWorker, type EntityClaim } from './entity-worker.ts';
import type { Invocation } from './step.ts';

export interface RunTask {
  readonly operationId: string;
  readonly execution: string;
  readonly entity: string;
}

interface Claimed {
  readonly claim: EntityClaim;
  /** How many ranges the plan of the entity has. */
  readonly ranges: number;
  readonly deadline: string | null;
}

/** What the execution owns of the entity; null: nothing, or nothing any more. */
export async function claimedBy(target: Session, { operationId, execution, entity }: RunTask): Promise<Claimed | null> {
  const row = await target.maybeOne<{ id: string; fence: string; deadline: string | null; ranges: string }>(
    `SELECT c.id, c.fence, o.request ->> 'deadline' AS deadline, coalesce(json_array_length(c.slices), 0) AS ranges FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
     WHERE c.operation_id = $1 AND c.entity_type = $2 AND c.status = 'in_progress' AND o.status = 'running' AND o.execution = $3`,
    [operationId, entity, execution],
  );
  if (row === null) return null;
  const claim = { operationId, entity, checkpointId: row.id, fence: Number(row.fence) };
  return { claim, deadline: row.deadline, ranges: Number(row.ranges) };
}

export const isOverdue = (deadline: unknown, deps: Pick<Invocation, 'now'>): boolean =>
  typeof deadline === 'string' && deps.now() >= new Date(deadline);

/** The same invocation, whose time is up at the deadline of the run as well. */
export const untilDeadline = (deps: Invocation, deadline: unknown): Invocation => ({
  ...deps,
  timeIsUp: () => deps.timeIsUp() || isOverdue(deadline, deps),
});

/**
 * Opens both sessions and gives the work a worker, or null: the entity is not the execution's to work on, because a step
 * before has failed, somebody else owns it, or the time of the run is over.
 */
export async function withRunWorker<T>(
  deps: Invocation,
  task: RunTask,
  slice: number,
  work: (worker: Worker | null, loaded: LoadedOperation | null) => Promise<T>,
  /** A lane beyond the ranges of the entity has nothing to do. */
  lane = -1,
): Promise<T> {
  const claimed = await deps.withTarget(`${task.operationId}:${task.entity}`, (target) => claimedBy(target, task));
  if (claimed === null || isOverdue(claimed.deadline, deps) || lane >= claimed.ranges) return work(null, null);
  return withWorker(untilDeadline(deps, claimed.deadline), claimed.claim, slice, work);
}

/** How the run finds the changes of an entity; in full where nobody said otherwise. */
export const detectionOf = async (target: Session, operationId: string, entity: string): Promise<Detection | null> =>
  (await runOfOperation(target, operationId))?.detection[entity] ?? null;
