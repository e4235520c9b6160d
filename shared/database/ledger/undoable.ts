/** Operations that can be taken back: what they wrote, and who has taken back what of it. */
import type { Session } from '../session.ts';

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

/** Over `o`: entities of which the operation has undo entries. */
export const ENTITIES = `ARRAY(SELECT e.entity FROM portage.entities e WHERE e.map_name = o.map_name AND (
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

/** What a rollback takes back, newest first. */
export interface TakenBack {
  readonly operationNo: number;
  readonly operationId: string;
  /** Null: all of its entities. */
  readonly entities: readonly string[] | null;
  /** It is about the rows alone that this earlier rollback had to keep. */
  readonly again: number | null;
}
