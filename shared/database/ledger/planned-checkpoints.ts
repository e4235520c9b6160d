/** Checkpoints that nobody works on yet, and those that nobody will. */
import type { Session } from '../session.ts';
import type { Operation } from './operations.ts';

export interface PlannedCheckpoint {
  readonly entity: string;
  readonly entityId: number;
  readonly catalogHash: string;
  /** The planner's estimate of the source; null where it has none. */
  readonly rows: number | null;
  /** What a row of it is expected to cost beside a row of another entity (domain/eta.ts); without it nothing is. */
  readonly rowCost?: number;
}

/** A pending checkpoint for every entity of an operation, so that what is ahead of it can be seen from its first second. */
export async function planCheckpoints(
  target: Session,
  operation: Operation,
  planned: readonly PlannedCheckpoint[],
): Promise<void> {
  for (const { entity, entityId, catalogHash, rows, rowCost } of planned) {
    await target.run(
      `INSERT INTO portage.migration_checkpoints (operation_id, entity_id, entity_type, operation_type, status, mode, map_name, map_hash, catalog_hash, fence, owner, rows_total, row_cost)
       VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, 0, 'nobody yet', $9, $10)`,
      [
        operation.operationId,
        entityId,
        entity,
        operation.operationType,
        operation.mode,
        operation.mapName,
        operation.mapHash,
        catalogHash,
        rows,
        rowCost ?? null,
      ],
    );
  }
}

/** Another operation takes the place of one that was interrupted. */
export const supersedeCheckpoints = (target: Session, operationId: string): Promise<number> =>
  target.run(
    "UPDATE portage.migration_checkpoints SET status = 'superseded', updated_at = now() WHERE operation_id = $1 AND status IN ('pending', 'stopped', 'failed')",
    [operationId],
  );

/** How many rows each entity of the operation has, once somebody has counted. */
export async function setRowsTotal(
  target: Session,
  operationId: string,
  rows: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [entity, total] of Object.entries(rows))
    await target.run(
      'UPDATE portage.migration_checkpoints SET rows_total = $3 WHERE operation_id = $1 AND entity_type = $2',
      [operationId, entity, total],
    );
}
