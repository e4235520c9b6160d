/**
 * What a validation found becomes what is open: one row for each (entity, legacy key, comparison type); seen again, its
 * `last_seen` moves; gone, it is closed, by a validation that has read everything (SEMANTICS 31).
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';

/** What a run knows is more: which side changed. It keeps its word for it. */
const OF_VALIDATION =
  "data_differentials.operation_no IN (SELECT v.operation_no FROM portage.operations v WHERE v.operation_type = 'validation')";

export async function publishFindings(target: Session, entity: CompiledEntity, operationNo: number): Promise<void> {
  const { source, target: into } = entity.normal;
  await target.run(
    `INSERT INTO portage.data_differentials (entity_id, entity_type, source_table, target_table, legacy_key, target_key, comparison_type, columns, reason, source_hash, target_hash, source_values, target_values, operation_no)
     SELECT f.entity_id, $3, $4, $5, f.legacy_key, f.target_key, f.kind, f.columns, f.reason, f.source_hash, f.target_hash, f.source_values, f.target_values, f.operation_no
     FROM portage.validation_findings f WHERE f.operation_no = $1 AND f.entity_id = $2 AND f.kind <> 'mapping'
     ON CONFLICT (entity_id, legacy_key, comparison_type) WHERE NOT resolved DO UPDATE SET last_seen = now(), columns = excluded.columns,
       operation_no = CASE WHEN ${OF_VALIDATION} THEN excluded.operation_no ELSE data_differentials.operation_no END, reason = CASE WHEN ${OF_VALIDATION} THEN excluded.reason ELSE data_differentials.reason END,
       target_key = excluded.target_key, source_hash = excluded.source_hash, target_hash = excluded.target_hash, source_values = excluded.source_values, target_values = excluded.target_values`,
    [
      operationNo,
      entity.entityId,
      entity.name,
      `${source.relation.schema}.${source.relation.name}`,
      `${into.relation.schema}.${into.relation.name}`,
    ],
  );
}

/** Open differentials of rows in which nothing differs any more, and those of a kind that is found no more. */
export const closeGone = (target: Session, entityId: number | null, operationNo: number): Promise<number> =>
  target.run(
    `UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'gone', resolved_at = now()
     WHERE d.entity_id = $2 AND NOT d.resolved AND d.operation_no <= $1 AND NOT EXISTS (
       SELECT FROM portage.validation_findings f WHERE f.operation_no = $1 AND f.entity_id = $2 AND f.legacy_key = d.legacy_key
         AND (f.kind = d.comparison_type OR d.comparison_type NOT IN ('missing', 'extra', 'value', 'orphan', 'wrong_parent')))`,
    [operationNo, entityId],
  );

/** Findings of validations before: what of them is still open stands in the differentials. */
export const forgetOlderFindings = (target: Session, entityId: number | null, operationNo: number): Promise<number> =>
  target.run(
    `DELETE FROM portage.validation_findings f USING portage.operations o WHERE o.operation_no = f.operation_no AND o.status <> 'running' AND f.entity_id = $2 AND f.operation_no < $1`,
    [operationNo, entityId],
  );

const LATEST = `SELECT c.id FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
  WHERE c.entity_id = $1 AND c.operation_type = 'differential_migration' AND c.status <> 'superseded' ORDER BY o.operation_no DESC, c.created_at DESC LIMIT 1`;

/**
 * Marks the entity's checkpoint where it claims rows that are wrong: a completed one claims all, an interrupted one those of
 * its batches (DESIGN, decision 11).
 */
export const refuteCheckpoint = (
  target: Session,
  entity: CompiledEntity,
  operationNo: number,
  operationId: string,
): Promise<number> => {
  const key = entity.order === 'integer' ? 'f.legacy_key::bigint' : 'f.legacy_key';
  const bound = (name: string): string => (entity.order === 'integer' ? `b.${name}::bigint` : `b.${name}`);
  return target.run(
    `UPDATE portage.migration_checkpoints c SET refuted_by = $3, updated_at = now() WHERE c.id = (${LATEST}) AND (c.status LIKE 'completed%' OR EXISTS (
       SELECT FROM portage.validation_findings f JOIN portage.migration_batches b ON b.checkpoint_id = c.id AND b.slice >= 0
       WHERE f.operation_no = $2 AND f.entity_id = $1 AND f.kind IN ('missing', 'value', 'orphan', 'wrong_parent') AND f.legacy_key <> '(null)'
         AND (b.lower_bound IS NULL OR ${key} > ${bound('lower_bound')}) AND (b.upper_bound IS NULL OR ${key} <= ${bound('upper_bound')})))`,
    [entity.entityId, operationNo, operationId],
  );
};

/** A full match proves what was forced or refuted before. */
export const vindicateCheckpoint = (target: Session, entityId: number | null): Promise<number> =>
  target.run(
    `UPDATE portage.migration_checkpoints c SET refuted_by = NULL, unverified = NULL, status = CASE WHEN c.status = 'completed_unverified' THEN 'completed' ELSE c.status END, updated_at = now()
     WHERE c.id = (${LATEST}) AND (c.refuted_by IS NOT NULL OR c.status = 'completed_unverified')`,
    [entityId],
  );
