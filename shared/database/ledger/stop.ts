/**
 * Stopping operations from outside. The word for it stands in the ledger, so it reaches workers wherever they run: asked,
 * they end at their next batch border; forced, their sessions are ended, the fences raised, and what they still write fails.
 * Either way everything that was committed stays, and `resume` goes on from there.
 */
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';
import { endOperation } from './operations.ts';
import { summarize } from './progress.ts';

export interface RunningOperation {
  readonly operationId: string;
  readonly operationType: string;
  readonly mapName: string;
  readonly startedAt: string;
  /** Entities that it has in hand now. */
  readonly entities: readonly string[];
  /** Its sessions on the target. */
  readonly sessions: number;
}

/** Sessions of an operation: those that its workers recorded, and those that bear its name (functions/dependencies.ts). */
export const SESSIONS = `pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND pg_has_role(a.usesysid, 'USAGE')
  AND (left(a.application_name, length(o.operation_id) + 9) = 'portage:' || o.operation_id || ':'
    OR EXISTS (SELECT FROM portage.workers w JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id
               WHERE c.operation_id = o.operation_id AND c.status = 'in_progress' AND w.pid = a.pid AND w.backend_start = a.backend_start))`;

/** Operations of every map that are not ended, oldest first. */
export async function runningOperations(target: Session): Promise<RunningOperation[]> {
  const rows = await target.rows<Record<string, string>>(
    `SELECT o.operation_id, o.operation_type, o.map_name, to_char(o.started_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
       to_json(ARRAY(SELECT c.entity_type FROM portage.migration_checkpoints c WHERE c.operation_id = o.operation_id AND c.status = 'in_progress' ORDER BY 1)) AS entities,
       (SELECT count(*) FROM ${SESSIONS}) AS sessions
     FROM portage.operations o WHERE o.status = 'running' ORDER BY o.operation_no`,
  );
  return rows.map((row) => ({
    operationId: row['operation_id'] ?? '',
    operationType: row['operation_type'] ?? '',
    mapName: row['map_name'] ?? '',
    startedAt: row['started_at'] ?? '',
    entities: JSON.parse(row['entities'] ?? '[]') as string[],
    sessions: Number(row['sessions']),
  }));
}

/** Asks every running operation to end at its next batch border. */
export const askToStop = (target: Session): Promise<number> =>
  target.run(
    "UPDATE portage.operations SET stop_requested_at = coalesce(stop_requested_at, clock_timestamp()) WHERE status = 'running'",
  );

/** @returns how many sessions were ended */
export async function endSessions(target: Session, operationId: string): Promise<number> {
  const row = await target.one<{ ended: string }>(
    `SELECT count(*) FILTER (WHERE pg_terminate_backend(s.pid)) AS ended
     FROM portage.operations o, LATERAL (SELECT a.pid FROM ${SESSIONS}) s WHERE o.operation_id = $1`,
    [operationId],
  );
  return Number(row.ended);
}

/** On the source nobody writes: what its sessions run for the operation is cancelled, and they end with their worker. */
export async function cancelReading(source: Session, operationId: string): Promise<number> {
  const row = await source.one<{ cancelled: string }>(
    `SELECT count(*) FILTER (WHERE pg_cancel_backend(a.pid)) AS cancelled FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.state <> 'idle' AND pg_has_role(a.usesysid, 'USAGE')
       AND left(a.application_name, length($1::text) + 9) = 'portage:' || $1::text || ':'`,
    [operationId],
  );
  return Number(row.cancelled);
}

const STOPPED = { status: 'stopped', code: 'M013', message: 'Stopped on request' } as const;

/**
 * Ends an operation whatever its workers do: a batch that holds a fence is waited for, none that comes later passes. An
 * operation that has ended by itself meanwhile keeps its own end.
 * @returns whether it was this that ended it
 */
export const fenceOff = (
  target: Session,
  operationId: string,
  end: { readonly status: 'stopped' | 'failed'; readonly code: string; readonly message: string } = STOPPED,
): Promise<boolean> =>
  transaction(target, async () => {
    // In the order of the entities, as everybody who takes several fences.
    await target.run(
      `SELECT count(*) FROM (SELECT f.fence FROM portage.fences f
         WHERE f.entity_id IN (SELECT c.entity_id FROM portage.migration_checkpoints c WHERE c.operation_id = $1) ORDER BY f.entity_id FOR UPDATE) locked`,
      [operationId],
    );
    const { status } = await target.one<{ status: string }>(
      'SELECT status FROM portage.operations WHERE operation_id = $1 FOR UPDATE',
      [operationId],
    );
    if (status !== 'running') return false;
    await target.run(
      `UPDATE portage.fences SET fence = fence + 1 WHERE entity_id IN
         (SELECT entity_id FROM portage.migration_checkpoints WHERE operation_id = $1 AND status = 'in_progress')`,
      [operationId],
    );
    await target.run(
      `UPDATE portage.migration_checkpoints SET status = $4, error_code = $2, error_message = $3, updated_at = now()
       WHERE operation_id = $1 AND status = 'in_progress'`,
      [operationId, end.code, end.message, end.status],
    );
    await endOperation(target, operationId, end.status, await summarize(target, operationId), end);
    return true;
  });
