/**
 * Checkpoints that a person settles by hand: cleared, so that a new one may start, or completed. Each change is made under
 * the fence and raises it, so that an owner who wakes up late writes nothing more.
 */
import { PortageError } from '../../domain/errors.ts';
import type { Slice } from '../../domain/slice.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';
import { activeCheckpointError, checkpointById, type Checkpoint } from './checkpoints.ts';
import { addNote, endOperation } from './operations.ts';
import { summarize } from './progress.ts';

/** Statuses of work that is not done. */
export const UNFINISHED = ['pending', 'in_progress', 'stopped', 'failed'] as const;
/** What a reset clears: unfinished work, work that nobody has proved, and work that a validation has refuted. */
const RESETTABLE = [...UNFINISHED, 'completed_unverified', 'refuted'] as const;

export interface CheckpointChoice {
  readonly entityId: number;
  /** An operation's id or type; null: any. */
  readonly operation: string | null;
}

const ids = async (target: Session, choice: CheckpointChoice, statuses: readonly string[]): Promise<string[]> =>
  (
    await target.rows<{ id: string }>(
      `SELECT id FROM portage.migration_checkpoints WHERE entity_id = $1 AND (status = ANY ($2) OR 'refuted' = ANY ($2) AND refuted_by IS NOT NULL AND status = 'completed') AND ($3::text IS NULL OR $3 IN (operation_id, operation_type))
       ORDER BY created_at DESC, id`,
      [choice.entityId, statuses, choice.operation],
    )
  ).map(({ id }) => id);

/** What a reset would clear, newest first. */
export async function resettable(target: Session, choice: CheckpointChoice): Promise<Checkpoint[]> {
  const found = [];
  for (const id of await ids(target, choice, RESETTABLE)) found.push(await checkpointById(target, id));
  return found;
}

/** Somebody alive works on its operation, and has it in hand or before him. */
export async function hasLiveOwner(target: Session, checkpoint: Checkpoint, leaseSeconds: number): Promise<boolean> {
  if (!(UNFINISHED as readonly string[]).includes(checkpoint.status)) return false;
  const { status } = await target.one<{ status: string }>(
    'SELECT status FROM portage.operations WHERE operation_id = $1',
    [checkpoint.operationId],
  );
  return status === 'running' && (checkpoint.heartbeatAge ?? Infinity) < leaseSeconds;
}

/** @throws PortageError M001 while somebody alive owns it */
export async function refuseLiveOwner(
  target: Session,
  checkpoint: Checkpoint,
  leaseSeconds: number,
  next: string,
): Promise<void> {
  if (!(await hasLiveOwner(target, checkpoint, leaseSeconds))) return;
  const { message, facts } = activeCheckpointError(checkpoint, leaseSeconds);
  throw new PortageError('M001', message, { ...facts, next });
}

/** Runs the work while nobody claims the entity and no batch of it is under way; then nobody's old number is good any more. */
const underFence = <T>(target: Session, entityId: number, work: () => Promise<T>): Promise<T> =>
  transaction(target, async () => {
    await target.one('SELECT fence FROM portage.fences WHERE entity_id = $1 FOR UPDATE', [entityId]);
    const result = await work();
    await target.run('UPDATE portage.fences SET fence = fence + 1 WHERE entity_id = $1', [entityId]);
    return result;
  });

/** Ends the sessions that work on the entity: a batch that holds the fence would be waited for otherwise. */
async function endWorkers(target: Session, checkpoint: Checkpoint): Promise<void> {
  await target.rows(
    `SELECT pg_terminate_backend(a.pid) FROM portage.workers w JOIN pg_stat_activity a ON a.pid = w.pid AND a.backend_start = w.backend_start
     WHERE w.checkpoint_id = $1 AND a.pid <> pg_backend_pid() AND pg_has_role(a.usesysid, 'USAGE') AND a.application_name = left($2::text, 63)`,
    [checkpoint.id, `portage:${checkpoint.operationId}:${checkpoint.entity}`],
  );
}

/**
 * Clears checkpoints of an entity; batches, mappings and undo log stay. With `force` also those of a live owner, whose
 * sessions are ended and whose number is good no more.
 * @throws PortageError M001 while somebody alive owns one of them
 * @returns what was cleared, as it was before
 */
export async function resetCheckpoints(
  target: Session,
  choice: CheckpointChoice & { readonly force: boolean; readonly leaseSeconds: number; readonly next: string },
): Promise<Checkpoint[]> {
  for (const checkpoint of await resettable(target, choice)) {
    if (!choice.force) await refuseLiveOwner(target, checkpoint, choice.leaseSeconds, choice.next);
    else if (checkpoint.status === 'in_progress') await endWorkers(target, checkpoint);
  }
  return underFence(target, choice.entityId, async () => {
    const cleared = await resettable(target, choice);
    for (const checkpoint of cleared) {
      // Again, since somebody may have claimed it meanwhile.
      if (!choice.force) await refuseLiveOwner(target, checkpoint, choice.leaseSeconds, choice.next);
      await target.run(
        "UPDATE portage.migration_checkpoints SET status = 'superseded', updated_at = now() WHERE id = $1",
        [checkpoint.id],
      );
      await addNote(target, checkpoint.operationId, `the checkpoint of ${checkpoint.entity} was reset on request`);
      await endIfDone(target, checkpoint.operationId, choice.leaseSeconds);
    }
    return cleared;
  });
}

/** Ranges of the plan that no batch has covered: from the cursor of each slice to its end. Without a plan, everything. */
export async function unprovenRanges(target: Session, { id, slices }: Checkpoint): Promise<Slice[]> {
  const plan = slices === null || slices.length === 0 ? [{ slice: 0, from: null, to: null }] : slices;
  const rows = await target.rows<{ slice: string; upper_bound: string | null }>(
    'SELECT DISTINCT ON (slice) slice, upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice >= 0 ORDER BY slice, batch_no DESC',
    [id],
  );
  const cursors = new Map(rows.map((row) => [Number(row.slice), row.upper_bound]));
  return plan.flatMap(({ slice, from, to }) => {
    const cursor = cursors.get(slice);
    if (cursor === undefined) return [{ slice, from, to }];
    return cursor === to ? [] : [{ slice, from: cursor, to }];
  });
}

export interface Completion {
  readonly status: 'completed' | 'completed_unverified';
  readonly leaseSeconds: number;
}

/**
 * Completes a checkpoint as it was looked at, or not at all. Unverified, the ranges that no batch covered are kept with it.
 * @throws PortageError M001 when somebody has taken it meanwhile
 */
export const completeCheckpoint = async (
  target: Session,
  seen: Checkpoint,
  { status, leaseSeconds }: Completion,
): Promise<readonly Slice[]> => {
  const { entity_id: entityId } = await target.one<{ entity_id: string }>(
    'SELECT entity_id FROM portage.migration_checkpoints WHERE id = $1',
    [seen.id],
  );
  return underFence(target, Number(entityId), async () => {
    const now = await checkpointById(target, seen.id);
    if (now.status !== seen.status || now.fence !== seen.fence) throw activeCheckpointError(now, leaseSeconds);
    const unverified = status === 'completed' ? [] : await unprovenRanges(target, now);
    await target.run(
      `UPDATE portage.migration_checkpoints SET status = $2, unverified = $3, error_code = NULL, error_message = NULL, completed_at = now(), updated_at = now() WHERE id = $1`,
      [now.id, status, status === 'completed' ? null : JSON.stringify(unverified)],
    );
    await addNote(
      target,
      now.operationId,
      `the checkpoint of ${now.entity} was set to ${status} on request${status === 'completed' ? ', proved by its keys' : ', without proof'}`,
    );
    await endIfDone(target, now.operationId, leaseSeconds);
    return unverified;
  });
};

/** An operation that has nothing left to do, and that nobody alive will end, ends here. */
async function endIfDone(target: Session, operationId: string, leaseSeconds: number): Promise<void> {
  const left = await target.one<{ ended: string; unfinished: string; unproved: string; reset: string; alive: string }>(
    `SELECT (min(o.status) NOT IN ('running', 'stopped', 'failed'))::text AS ended, count(*) FILTER (WHERE c.status = ANY ($2)) AS unfinished, count(*) FILTER (WHERE c.status = 'completed_unverified') AS unproved,
       count(*) FILTER (WHERE c.status = 'superseded') AS reset,
       (min(o.status) = 'running' AND max(w.heartbeat_at) > clock_timestamp() - make_interval(secs => $3))::text AS alive
     FROM portage.operations o JOIN portage.migration_checkpoints c USING (operation_id) LEFT JOIN LATERAL (SELECT max(w.heartbeat_at) AS heartbeat_at FROM portage.workers w WHERE w.checkpoint_id = c.id) w ON true
     WHERE o.operation_id = $1`,
    [operationId, UNFINISHED, leaseSeconds],
  );
  if (left.ended === 'true' || left.unfinished !== '0' || left.alive === 'true') return;
  const entities = await summarize(target, operationId);
  const findings = Object.values(entities).some((counts) => counts.setAside > 0 || counts.conflicts > 0);
  const completed = findings || left.unproved !== '0' ? 'completed_with_findings' : 'completed';
  await endOperation(target, operationId, left.reset === '0' ? completed : 'stopped', entities, null);
}
