/** How far validations are that run now: pieces that are read, of those that were planned. */
import type { Session } from '../session.ts';

export interface ValidationProgress {
  readonly operationId: string;
  readonly entity: string;
  readonly status: string;
  readonly rowsDone: number;
  readonly rowsTotal: number | null;
}

export async function runningValidations(target: Session, mapName: string): Promise<ValidationProgress[]> {
  const rows = await target.rows(
    `SELECT o.operation_id, e.entity, bool_and(p.status <> 'planned')::text AS ended, coalesce(sum(p.source_rows), 0) AS done, sum(p.expected_rows) AS total
     FROM portage.operations o JOIN portage.validation_pieces p USING (operation_no) JOIN portage.entities e USING (entity_id)
     WHERE o.map_name = $1 AND o.operation_type = 'validation' AND o.status = 'running' AND p.check_name <> 'performance' GROUP BY o.operation_no, e.entity ORDER BY o.operation_no, e.entity`,
    [mapName],
  );
  return rows.map((row) => ({
    operationId: row['operation_id'] ?? '',
    entity: row['entity'] ?? '',
    status: row['ended'] === 'true' ? 'completed' : 'in_progress',
    rowsDone: Number(row['done']),
    rowsTotal: row['total'] === null || row['total'] === undefined ? null : Number(row['total']),
  }));
}
