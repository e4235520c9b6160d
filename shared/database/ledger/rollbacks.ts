/**
 * Rollbacks in the ledger: which operations one takes back, newest first, and of each its batches by transaction in the
 * reverse of the order in which they were committed (docs/adr/0022).
 */
import type { Session } from '../session.ts';
import { readOperation, type Operation } from './operations.ts';

export interface EarlierRollback {
  readonly operationNo: number;
  readonly operationId: string;
  /** Null: all of them. */
  readonly entities: readonly string[] | null;
  /** Rows of the operation that it had to keep. */
  readonly kept: number;
}

/** An operation that has undo entries. */
export interface Undoable {
  readonly operationNo: number;
  readonly operationId: string;
  readonly operationType: string;
  readonly status: string;
  readonly mapName: string;
  readonly mapHash: string;
  /** Entities of which it has undo entries. */
  readonly entities: readonly string[];
  /** Its undo entries were cleaned up, all or some of them. */
  readonly cleanedUp: boolean;
  /** The rollbacks that took it back, or some of its entities, and were not taken back themselves; newest first. */
  readonly takenBackBy: readonly EarlierRollback[];
}

const ENTITIES = `ARRAY(SELECT e.entity FROM portage.entities e WHERE e.map_name = o.map_name AND (
    EXISTS (SELECT FROM portage.undo_inserts u WHERE u.operation_no = o.operation_no AND u.entity_id = e.entity_id)
    OR EXISTS (SELECT FROM portage.undo_log u WHERE u.operation_no = o.operation_no AND u.entity_id = e.entity_id)) ORDER BY e.entity_id)`;
const TAKEN_BACK = `LEFT JOIN LATERAL (SELECT json_agg(json_build_object('operationNo', b.operation_no, 'operationId', b.operation_id, 'entities', r.entities,
    'kept', (SELECT count(*) FROM portage.kept_rows k WHERE k.rollback_no = b.operation_no AND k.operation_no = o.operation_no)) ORDER BY b.operation_no DESC) AS facts
  FROM portage.rollbacks r JOIN portage.operations b ON b.operation_no = r.rollback_no
  WHERE r.operation_no = o.operation_no AND b.status IN ('completed', 'completed_with_findings')) back ON true`;
const SELECT = `SELECT o.operation_no, o.operation_id, o.operation_type, o.status, o.map_name, o.map_hash, to_json(${ENTITIES}) AS entities,
    (o.undo_cleaned_at IS NOT NULL)::text AS cleaned, back.facts AS taken_back FROM portage.operations o ${TAKEN_BACK}`;

const undoableOf = (row: Record<string, string | null>): Undoable => ({
  operationNo: Number(row['operation_no']),
  operationId: row['operation_id'] ?? '',
  operationType: row['operation_type'] ?? '',
  status: row['status'] ?? '',
  mapName: row['map_name'] ?? '',
  mapHash: row['map_hash'] ?? '',
  entities: JSON.parse(row['entities'] ?? '[]') as string[],
  cleanedUp: row['cleaned'] === 'true',
  takenBackBy: JSON.parse(row['taken_back'] ?? '[]') as EarlierRollback[],
});

export async function undoableOperation(target: Session, operationId: string): Promise<Undoable | null> {
  const row = await target.maybeOne(`${SELECT} WHERE o.operation_id = $1`, [operationId]);
  return row && undoableOf(row);
}

/** Rollbacks, backups and validations are not what somebody means who takes back what was done. */
const DOES = "o.operation_type NOT IN ('rollback', 'backup', 'validation')";

/** Operations under a batch label, newest first. */
export const undoableUnder = async (target: Session, label: string): Promise<Undoable[]> =>
  (await target.rows(`${SELECT} WHERE o.batch_label = $1 AND ${DOES} ORDER BY o.operation_no DESC`, [label])).map(
    undoableOf,
  );

/** Of the entities that it wrote those that nobody has taken back. */
export const stillWritten = ({ entities, takenBackBy }: Undoable): string[] =>
  entities.filter((name) => !takenBackBy.some((back) => back.entities === null || back.entities.includes(name)));

/** Operations of a map that wrote one of the entities, newest first; those of which the undo entries are gone too. */
export async function undoableOfEntities(
  target: Session,
  mapName: string,
  entities: readonly string[],
  since: string | null,
): Promise<Undoable[]> {
  const found = await target.rows(
    `${SELECT} WHERE o.map_name = $1 AND ${DOES} AND ($2::timestamptz IS NULL OR o.started_at >= $2::timestamptz) ORDER BY o.operation_no DESC`,
    [mapName, since],
  );
  return found
    .map(undoableOf)
    .filter((each) => each.cleanedUp || each.entities.some((name) => entities.includes(name)));
}

export const operationIds = async (target: Session): Promise<string[]> =>
  (
    await target.rows<{ operation_id: string }>(
      'SELECT operation_id FROM portage.operations ORDER BY operation_no DESC LIMIT 1000',
    )
  ).map((row) => row.operation_id);

export const batchLabels = async (target: Session): Promise<string[]> =>
  (
    await target.rows<{ label: string }>(
      'SELECT DISTINCT batch_label AS label FROM portage.operations WHERE batch_label IS NOT NULL ORDER BY 1 DESC LIMIT 1000',
    )
  ).map((row) => row.label);

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

/** What a rollback takes back, newest first. */
export interface TakenBack {
  readonly operationNo: number;
  readonly operationId: string;
  /** Null: all of its entities. */
  readonly entities: readonly string[] | null;
  /** It is about the rows alone that this earlier rollback had to keep. */
  readonly again: number | null;
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
