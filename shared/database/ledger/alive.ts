/** Whether somebody works on an operation still: by the last sign of life of any of its workers. */
import type { Session } from '../session.ts';

export async function isOperationAlive(target: Session, operationId: string, leaseSeconds: number): Promise<boolean> {
  const row = await target.maybeOne(
    `SELECT (clock_timestamp() - greatest(o.started_at, (SELECT max(greatest(c.updated_at, w.heartbeat_at)) FROM portage.migration_checkpoints c
       LEFT JOIN portage.workers w ON w.checkpoint_id = c.id WHERE c.operation_id = o.operation_id),
       (SELECT b.beat_at FROM portage.backups b WHERE b.operation_no = o.operation_no)) < make_interval(secs => $2))::text AS alive
     FROM portage.operations o WHERE o.operation_id = $1 AND o.status = 'running'`,
    [operationId, leaseSeconds],
  );
  return row?.['alive'] === 'true';
}
