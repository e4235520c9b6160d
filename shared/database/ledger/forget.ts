/** What `reset-entity` forgets of an entity: its checkpoints, bases and differentials. Mappings and the undo log stay. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';

/** What people changed in the target since it was last written, which a full migration may write over. */
export interface TargetEdits {
  readonly edited: number;
  readonly deleted: number;
  /** Rows without a base: nobody can say. */
  readonly unknown: number;
}

export async function countTargetEdits(target: Session, entity: CompiledEntity): Promise<TargetEdits> {
  const row = await unhurried(target, () =>
    target.one(
      `SELECT count(*) FILTER (WHERE m.target_hash IS NULL) AS unknown, count(*) FILTER (WHERE m.target_hash IS NOT NULL AND t.h IS NULL) AS deleted,
         count(*) FILTER (WHERE m.target_hash IS NOT NULL AND t.h IS NOT NULL AND t.h <> m.target_hash) AS edited
       FROM ${entity.leaf} m LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')}) t ON true
       WHERE m.closed_by IS NULL`,
    ),
  );
  return { edited: Number(row['edited']), deleted: Number(row['deleted']), unknown: Number(row['unknown']) };
}

/**
 * Inside a transaction that also opens the operation which carries the entity anew, so that nobody finds it forgotten and
 * nothing on its way. The fence waits for a batch that is under way, and shuts out whoever owned the entity.
 */
export async function forgetEntity(target: Session, entity: CompiledEntity): Promise<void> {
  const id = entity.entityId;
  await target.one('SELECT fence FROM portage.fences WHERE entity_id = $1 FOR UPDATE', [id]);
  await target.run('UPDATE portage.fences SET fence = fence + 1 WHERE entity_id = $1', [id]);
  await target.run(
    "UPDATE portage.migration_checkpoints SET status = 'superseded', updated_at = now() WHERE entity_id = $1 AND status NOT IN ('superseded', 'rolled_back')",
    [id],
  );
  await target.run(
    "UPDATE portage.data_differentials SET resolved = true, resolved_by = 'reset', resolved_at = now() WHERE entity_id = $1 AND NOT resolved",
    [id],
  );
  await target.run('DELETE FROM portage.horizons WHERE entity_id = $1', [id]);
  await target.run(
    `UPDATE ${entity.leaf} SET source_hash = NULL, target_hash = NULL, source_columns = NULL, target_columns = NULL WHERE closed_by IS NULL AND source_hash IS NOT NULL`,
  );
}
