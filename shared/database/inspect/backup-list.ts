/** How far backups are: they take no lock and have no checkpoint, and are asked for beside the checkpoints. */
import type { Session } from '../session.ts';
import { numberOrNull, type CheckpointFilter, type ListedCheckpoint } from './checkpoint-list.ts';

/** One that runs, or with `history` each. */
const QUERY = `
  WITH listed AS (
    SELECT b.*, e.entity, o.operation_id, o.status AS of_operation, o.mode, o.started_at AS begun_at, o.ended_at AS over_at, o.execution, o.error_code, o.error_message,
      extract(epoch FROM clock_timestamp() - f.beat_at) AS heartbeat_age, extract(epoch FROM coalesce(b.ended_at, clock_timestamp()) - b.started_at) AS seconds,
      CASE WHEN b.ended_at IS NOT NULL THEN 'completed' WHEN o.status <> 'running' THEN o.status WHEN b.started_at IS NULL THEN 'pending' ELSE 'in_progress' END AS status
    FROM portage.backup_entities b JOIN portage.backups f USING (operation_no) JOIN portage.operations o USING (operation_no) JOIN portage.entities e USING (entity_id)
    WHERE e.map_name = $1 AND ($2::text[] IS NULL OR e.entity = ANY ($2)) AND ($4 OR o.status = 'running')
  )
  SELECT operation_id, entity, status, mode, rows_done, rows_total, execution, error_code, error_message, heartbeat_age, seconds,
    to_char(coalesce(started_at, begun_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at, to_char(coalesce(ended_at, over_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ended_at
  FROM listed WHERE $3::text IS NULL OR status = $3 ORDER BY operation_no DESC, started_at, entity`;

/** Newest first; none while the ledger is of a version without backups. */
export async function listBackups(target: Session, filter: CheckpointFilter): Promise<ListedCheckpoint[]> {
  const { there } = await target.one<{ there: string }>(
    "SELECT (to_regclass('portage.backup_entities') IS NOT NULL)::text AS there",
  );
  if (there !== 'true') return [];
  const rows = await target.rows(QUERY, [filter.mapName, filter.entities, filter.status, filter.history]);
  return rows.map((row) => {
    const rowsDone = Number(row['rows_done']);
    const rowsTotal = numberOrNull(row['rows_total']);
    const seconds = Number(row['seconds']);
    const rate = rowsDone > 0 && seconds > 0 ? rowsDone / seconds : null;
    const isRunning = row['status'] === 'in_progress';
    return {
      id: `${row['operation_id'] ?? ''} ${row['entity'] ?? ''}`,
      entity: row['entity'] ?? '',
      operationId: row['operation_id'] ?? '',
      operationType: 'backup',
      status: row['status'] ?? '',
      mode: row['mode'] ?? '',
      rowsDone,
      rowsTotal,
      rowsPerSecond: rate === null ? null : Number(rate.toFixed(1)),
      etaSeconds:
        isRunning && rate !== null && rowsTotal !== null ? Math.ceil(Math.max(0, rowsTotal - rowsDone) / rate) : null,
      heartbeatAgeSeconds: isRunning ? numberOrNull(row['heartbeat_age']) : null,
      owner: row['execution'] ?? null,
      setAside: 0,
      msPerRow: null,
      rowCost: null,
      undoable: true,
      startedAt: row['started_at'] ?? '',
      endedAt: isRunning ? null : (row['ended_at'] ?? null),
      error: row['error_code'] ? { code: row['error_code'], message: row['error_message'] ?? '' } : null,
    };
  });
}
