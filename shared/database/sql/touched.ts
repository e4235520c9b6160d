/** Rows that an operation wrote, batch by batch, and which of them differ although neither side changed since. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { work } from './scratch.ts';

/** $1 checkpoint, $2 batch: the next one that wrote rows. */
export const nextTouched = `SELECT batch_no FROM portage.migration_batches WHERE checkpoint_id = $1 AND batch_no > $2 AND inserted + updated + adopted > 0 ORDER BY batch_no LIMIT 1`;

/** Legacy keys of rows that the batch inserted, updated or adopted. */
export const touchedKeys = (entity: CompiledEntity, batchNo: string, operationNo: number): string => {
  const column = entity.order === 'integer' ? 'legacy_ids' : 'legacy_keys';
  return `SELECT k AS key FROM portage.undo_inserts i CROSS JOIN LATERAL unnest(i.${column}) AS k WHERE i.batch_no = ${batchNo} AND i.entity_id = ${entity.entityId}
    UNION SELECT u.legacy_key${entity.order === 'integer' ? '::bigint' : ''} FROM portage.undo_log u WHERE u.batch_no = ${batchNo} AND u.entity_id = ${entity.entityId} AND u.action IN ('update', 'adopt')
      AND u.operation_no = ${operationNo}`;
};

/** After `judge` in full: not equal, consumed as it is, as our write left it, and waiting for no parent. */
export const markDiffering = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} SET action = 'altered' WHERE action = 'update' AND NOT equal AND based AND NOT source_changed AND target_state = 'same' AND missing IS NULL`;
