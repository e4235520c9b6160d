/**
 * Rollbacks in the ledger: which operations one takes back, newest first, and what these are once they are taken back
 * (docs/adr/0022).
 */
import type { Session } from '../session.ts';
import { readOperation, type Operation } from './operations.ts';
import type { UndoStep } from './rollback-steps.ts';
import { ENTITIES, type TakenBack } from './undoable.ts';

/** A rollback of the operations that was begun and has not ended, newest first. */
export async function unfinishedRollbacks(target: Session, operationNos: readonly number[]): Promise<Operation[]> {
  const rows = await target.rows<{ operation_id: string }>(
    `SELECT DISTINCT b.operation_no, b.operation_id FROM portage.rollbacks r JOIN portage.operations b ON b.operation_no = r.rollback_no
     WHERE r.operation_no = ANY ($1::int[]) AND b.status IN ('running', 'stopped', 'failed') ORDER BY b.operation_no DESC`,
    [operationNos],
  );
  const found: Operation[] = [];
  for (const row of rows) found.push(await readOperation(target, row.operation_id));
  return found;
}

export const takenBackBy = async (target: Session, rollbackNo: number): Promise<TakenBack[]> =>
  (
    await target.rows(
      `SELECT r.operation_no, o.operation_id, to_json(r.entities) AS entities, r.again FROM portage.rollbacks r JOIN portage.operations o USING (operation_no)
       WHERE r.rollback_no = $1 ORDER BY r.operation_no DESC`,
      [rollbackNo],
    )
  ).map((row) => ({
    operationNo: Number(row['operation_no']),
    operationId: row['operation_id'] ?? '',
    entities: JSON.parse(row['entities'] ?? 'null') as string[] | null,
    again: row['again'] === null || row['again'] === undefined ? null : Number(row['again']),
  }));

/** Keeps what is to be taken back, with what the operations were before. */
export async function saveRollback(
  target: Session,
  rollbackNo: number,
  operations: readonly TakenBack[],
  slices: readonly { readonly slice: number; readonly steps: readonly UndoStep[] }[],
): Promise<void> {
  for (const { operationNo, entities, again } of operations)
    await target.run(
      `INSERT INTO portage.rollbacks (rollback_no, operation_no, entities, again, before)
       SELECT $1, o.operation_no, $3::text[], $4::int, jsonb_build_object('status', o.status, 'checkpoints',
         (SELECT coalesce(jsonb_object_agg(c.id, c.status), '{}') FROM portage.migration_checkpoints c WHERE c.operation_id = o.operation_id))
       FROM portage.operations o WHERE o.operation_no = $2`,
      [rollbackNo, operationNo, entities, again],
    );
  for (const { slice, steps } of slices)
    await target.run(
      `INSERT INTO portage.rollback_steps (rollback_no, slice, position, operation_no, batches)
       SELECT $1, $2, s.i, (s.step->>'operationNo')::int, ARRAY(SELECT jsonb_array_elements_text(s.step->'batches')::bigint)
       FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS s (step, i)`,
      [rollbackNo, slice, JSON.stringify(steps)],
    );
}

/** Entities of an operation that neither this nor another rollback has taken back. */
async function stillStanding(target: Session, rollbackNo: number, operationNo: number): Promise<number> {
  const row = await target.one(
    `SELECT count(*) AS entities FROM (SELECT unnest(${ENTITIES}) AS entity FROM portage.operations o WHERE o.operation_no = $2) e
     WHERE NOT EXISTS (SELECT FROM portage.rollbacks r JOIN portage.operations b ON b.operation_no = r.rollback_no
       WHERE r.operation_no = $2 AND (b.operation_no = $1 OR b.status IN ('completed', 'completed_with_findings')) AND (r.entities IS NULL OR e.entity = ANY (r.entities)))`,
    [rollbackNo, operationNo],
  );
  return Number(row['entities']);
}

/**
 * The operations that were taken back and their checkpoints say so; where one of them was a rollback itself, what it had taken
 * back is again what it was before. What they had left to do is void.
 */
export async function markTakenBack(target: Session, rollbackNo: number): Promise<void> {
  for (const { operationNo, operationId, entities: taken } of await takenBackBy(target, rollbackNo)) {
    const left = await stillStanding(target, rollbackNo, operationNo);
    // Where nothing of it stands any more, entities that it wrote nothing of are done with too.
    const entities = left === 0 ? null : taken;
    await target.run(
      `UPDATE portage.migration_checkpoints SET status = 'rolled_back', updated_at = now() WHERE operation_id = $1 AND status <> 'in_progress' AND ($2::text[] IS NULL OR entity_type = ANY ($2))`,
      [operationId, entities],
    );
    if (left === 0)
      await target.run(
        "UPDATE portage.operations SET status = 'rolled_back', ended_at = coalesce(ended_at, now()) WHERE operation_no = $1",
        [operationNo],
      );
    const void_ =
      'entity_id IN (SELECT entity_id FROM portage.migration_checkpoints WHERE operation_id = $1 AND ($2::text[] IS NULL OR entity_type = ANY ($2)))';
    for (const list of ['vanished_rows', 'parked_rows'])
      await target.run(`DELETE FROM portage.${list} WHERE operation_no = $3 AND ${void_}`, [
        operationId,
        entities,
        operationNo,
      ]);
    await target.run(
      `UPDATE portage.operations o SET status = r.before->>'status' FROM portage.rollbacks r WHERE r.rollback_no = $1 AND o.operation_no = r.operation_no AND o.status = 'rolled_back'`,
      [operationNo],
    );
    await target.run(
      `UPDATE portage.migration_checkpoints c SET status = r.before->'checkpoints'->>c.id::text, updated_at = now() FROM portage.rollbacks r JOIN portage.operations o USING (operation_no)
       WHERE r.rollback_no = $1 AND c.operation_id = o.operation_id AND c.status = 'rolled_back' AND r.before->'checkpoints' ? c.id::text`,
      [operationNo],
    );
  }
}
