/** How long the operations that run now still take: over all of their entities, weighed by what a row of each costs. */
import { atPace, runLeft } from '../../domain/eta.ts';
import type { Session } from '../session.ts';
import { isSilent, LONGEST_GAP_SECONDS, numberOrNull, wholeSeconds } from './checkpoint-list.ts';

export interface RunningOperation {
  readonly operationId: string;
  readonly rowsDone: number;
  /** Null while nobody has counted every entity. */
  readonly rowsTotal: number | null;
  readonly etaSeconds: number | null;
}

/** Pauses of an interrupted run are no part of its time: of two batches that follow each other, in whichever lanes, so much counts. */
const QUERY = `
  SELECT o.operation_id, c.entity_type AS entity, c.rows_total, c.status, c.row_cost, o.request->>'maxRate' AS max_rate, coalesce(sum(b.rows_read - b.parked), 0) AS rows_done, sum(b.read_ms + b.write_ms) FILTER (WHERE b.rows_read > 0) AS ms,
    (SELECT sum(least(greatest(extract(epoch FROM t.gap), 0), ${LONGEST_GAP_SECONDS})) FROM (
      SELECT m.committed_at - coalesce(lag(m.committed_at) OVER (ORDER BY m.committed_at), o.started_at) AS gap
      FROM portage.migration_batches m JOIN portage.migration_checkpoints p ON p.id = m.checkpoint_id WHERE p.operation_id = o.operation_id) t) AS seconds,
    (SELECT extract(epoch FROM clock_timestamp() - max(w.heartbeat_at)) FROM portage.workers w JOIN portage.migration_checkpoints p ON p.id = w.checkpoint_id WHERE p.operation_id = o.operation_id AND p.status = 'in_progress') AS heartbeat_age
  FROM portage.operations o JOIN portage.migration_checkpoints c USING (operation_id) LEFT JOIN portage.migration_batches b ON b.checkpoint_id = c.id
  WHERE o.map_name = $1 AND o.status = 'running' AND c.status IN ('pending', 'in_progress', 'completed') AND EXISTS (SELECT FROM portage.migration_checkpoints r WHERE r.operation_id = o.operation_id AND r.status = 'in_progress')
  GROUP BY o.operation_no, c.id ORDER BY o.operation_no, c.entity_type`;

/** Oldest first. */
export async function runningOperations(target: Session, mapName: string): Promise<RunningOperation[]> {
  const rows = await target.rows(QUERY, [mapName]);
  return [...new Set(rows.map((row) => row['operation_id'] ?? ''))].map((operationId) => {
    const own = rows.filter((row) => row['operation_id'] === operationId);
    const entities = own.map((row) => {
      const rowsDone = Number(row['rows_done']);
      const ms = numberOrNull(row['ms']);
      return {
        entity: row['entity'] ?? '',
        rowsDone,
        // Of one that has ended nothing is left, whatever had been expected.
        rowsTotal: row['status'] === 'completed' ? rowsDone : numberOrNull(row['rows_total']),
        msPerRow: ms === null || rowsDone === 0 ? null : ms / rowsDone,
        rowCost: numberOrNull(row['row_cost']),
      };
    });
    const totals = entities.map(({ rowsTotal }) => rowsTotal);
    const rowsDone = entities.reduce((sum, entity) => sum + entity.rowsDone, 0);
    const rowsTotal = totals.includes(null) ? null : totals.reduce<number>((sum, total) => sum + (total ?? 0), 0);
    const leftMs = runLeft(entities, Number(own[0]?.['seconds'] ?? 0) * 1000);
    return {
      operationId,
      rowsDone,
      rowsTotal,
      etaSeconds: isSilent(numberOrNull(own[0]?.['heartbeat_age']))
        ? null
        : wholeSeconds(atPace(leftMs, (rowsTotal ?? rowsDone) - rowsDone, numberOrNull(own[0]?.['max_rate']))),
    };
  });
}
