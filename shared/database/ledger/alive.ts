/** Whether somebody works on an operation still: by the last sign of life of any of its workers. */
import type { OpenOperation } from '../../domain/open-operations.ts';
import type { Session } from '../session.ts';
import { SESSIONS } from './stop.ts';

/** Since the last sign of life of an operation `o`. */
const SILENCE = `clock_timestamp() - greatest(o.started_at, (SELECT max(greatest(c.updated_at, w.heartbeat_at)) FROM portage.migration_checkpoints c
       LEFT JOIN portage.workers w ON w.checkpoint_id = c.id WHERE c.operation_id = o.operation_id),
       (SELECT b.beat_at FROM portage.backups b WHERE b.operation_no = o.operation_no))`;

export async function isOperationAlive(target: Session, operationId: string, leaseSeconds: number): Promise<boolean> {
  const row = await target.maybeOne(
    `SELECT (${SILENCE} < make_interval(secs => $2))::text AS alive
     FROM portage.operations o WHERE o.operation_id = $1 AND o.status = 'running'`,
    [operationId, leaseSeconds],
  );
  return row?.['alive'] === 'true';
}

/**
 * Operations of any map of the target that have not ended, but the one of that number, oldest first. A validation owns
 * nothing and leaves no heartbeat: it lives as long as a session of it.
 */
export async function openOperations(
  target: Session,
  but: number,
  mapName: string,
  leaseSeconds: number,
): Promise<OpenOperation[]> {
  const rows = await target.rows(
    `SELECT o.operation_id, (o.operation_type = 'differential_migration' AND o.map_name = $2)::text AS resumable,
       extract(epoch FROM ${SILENCE}) AS silent, (${SILENCE} < make_interval(secs => $3) OR o.operation_type = 'validation' AND EXISTS (SELECT FROM ${SESSIONS}))::text AS alive
     FROM portage.operations o WHERE o.status = 'running' AND o.operation_no <> $1 ORDER BY o.operation_no`,
    [but, mapName, leaseSeconds],
  );
  return rows.map((row) => ({
    operationId: row['operation_id'] ?? '',
    resumable: row['resumable'] === 'true',
    alive: row['alive'] === 'true',
    silentSeconds: Number(row['silent']),
  }));
}
