/** The transactions that a rollback takes back, in the reverse of the order in which they were committed (docs/adr/0022). */
import type { Session } from '../session.ts';
import type { TakenBack } from './undoable.ts';

/** Undo entries of an operation by transaction, the last first; $1 its number, $2 entities or null. */
const STEPS = `SELECT array_agg(DISTINCT u.batch_no) AS batches, array_agg(DISTINCT u.entity_id) AS entity_ids,
    max(coalesce(b.committed_at, u.written_at)) AS at, max(u.batch_no) AS last, sum(u.rows) AS rows
  FROM (SELECT batch_no, entity_id, xid, written_at, cardinality(hashes) AS rows FROM portage.undo_inserts WHERE operation_no = $1
    UNION ALL SELECT batch_no, entity_id, min(xid::text)::xid8, min(written_at), count(*) FROM portage.undo_log WHERE operation_no = $1 GROUP BY 1, 2) u
  LEFT JOIN portage.migration_batches b USING (batch_no)
  WHERE $2::text[] IS NULL OR u.entity_id IN (SELECT entity_id FROM portage.entities WHERE entity = ANY ($2))
  GROUP BY coalesce(u.xid::text, 'batch ' || u.batch_no)`;

export interface UndoStep {
  readonly operationNo: number;
  readonly batches: readonly string[];
  readonly entityIds: readonly number[];
  readonly rows: number;
}

/** The transactions of an operation, the last first. */
export async function undoSteps(target: Session, taken: TakenBack): Promise<UndoStep[]> {
  const rows = await target.rows(
    `SELECT to_json(s.batches) AS batches, to_json(s.entity_ids) AS entity_ids, s.rows FROM (${STEPS}) s ORDER BY s.at DESC, s.last DESC`,
    [taken.operationNo, taken.entities],
  );
  return rows.map((row) => ({
    operationNo: taken.operationNo,
    batches: (JSON.parse(row['batches'] ?? '[]') as (string | number)[]).map(String),
    entityIds: JSON.parse(row['entity_ids'] ?? '[]') as number[],
    rows: Number(row['rows']),
  }));
}

export interface NextStep {
  readonly position: number;
  readonly operationNo: number;
  readonly operationId: string;
  readonly batches: readonly string[];
  readonly again: number | null;
}

/** The next transaction to take back; null when the slice is done. */
export async function nextStep(target: Session, rollbackNo: number, slice: number): Promise<NextStep | null> {
  const row = await target.maybeOne(
    `SELECT s.position, s.operation_no, o.operation_id, to_json(s.batches::text[]) AS batches, r.again FROM portage.rollback_steps s
     JOIN portage.operations o USING (operation_no) JOIN portage.rollbacks r USING (rollback_no, operation_no)
     WHERE s.rollback_no = $1 AND s.slice = $2 AND NOT s.done ORDER BY s.position LIMIT 1`,
    [rollbackNo, slice],
  );
  if (row === null) return null;
  return {
    position: Number(row['position']),
    operationNo: Number(row['operation_no']),
    operationId: row['operation_id'] ?? '',
    batches: JSON.parse(row['batches'] ?? '[]') as string[],
    again: row['again'] === null || row['again'] === undefined ? null : Number(row['again']),
  };
}

/** In the step's own transaction. */
export const stepDone = (target: Session, rollbackNo: number, slice: number, position: number): Promise<number> =>
  target.run('UPDATE portage.rollback_steps SET done = true WHERE rollback_no = $1 AND slice = $2 AND position = $3', [
    rollbackNo,
    slice,
    position,
  ]);

export async function stepsLeft(target: Session, rollbackNo: number): Promise<number> {
  const row = await target.one(
    'SELECT count(*) AS steps FROM portage.rollback_steps WHERE rollback_no = $1 AND NOT done',
    [rollbackNo],
  );
  return Number(row['steps']);
}
