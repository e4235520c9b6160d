/** Horizons in the ledger: where the next run of an entity may begin to read. */
import type { Horizon, StoredHorizon } from '../../domain/horizon.ts';
import type { Session } from '../session.ts';

const MOMENT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

export async function readHorizon(target: Session, entityId: number): Promise<StoredHorizon | null> {
  const row = await target.maybeOne(
    `SELECT h.source_database, h.timeline, h.relation_file, h.shape, h.horizon, to_char(h.oldest_began, ${MOMENT}) AS oldest_began, to_char(h.taken_at, ${MOMENT}) AS taken_at,
       extract(epoch FROM clock_timestamp() - h.full_descent_at) AS full_age,
       (EXISTS (SELECT FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
          WHERE c.entity_id = h.entity_id AND o.operation_no > h.operation_no AND o.operation_type IN ('rollback', 'restore', 'repair'))
        OR EXISTS (SELECT FROM portage.migration_checkpoints c WHERE c.entity_id = h.entity_id AND (c.status = 'completed_unverified' OR c.refuted_by IS NOT NULL)))::text AS rewound
     FROM portage.horizons h WHERE h.entity_id = $1`,
    [entityId],
  );
  if (row === null) return null;
  return {
    sourceDatabase: row['source_database'] ?? '',
    timeline: row['timeline'] ?? '',
    relationFile: row['relation_file'] ?? '',
    shape: row['shape'] ?? '',
    horizon: row['horizon'] ?? '',
    oldestBegan: row['oldest_began'] ?? null,
    takenAt: row['taken_at'] ?? '',
    fullAge: Number(row['full_age']),
    rewound: row['rewound'] === 'true',
  };
}

/** Everything below was consumed, and every change of it written or recorded. `full`: every row was compared. */
export const saveHorizon = (
  target: Session,
  entityId: number,
  operationNo: number,
  seen: Horizon,
  full: boolean,
): Promise<number> =>
  target.run(
    `INSERT INTO portage.horizons (entity_id, source_database, timeline, relation_file, shape, horizon, oldest_began, taken_at, full_descent_at, operation_no)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
     ON CONFLICT (entity_id) DO UPDATE SET source_database = excluded.source_database, timeline = excluded.timeline, relation_file = excluded.relation_file, shape = excluded.shape,
       horizon = excluded.horizon, oldest_began = excluded.oldest_began, taken_at = excluded.taken_at, operation_no = excluded.operation_no,
       full_descent_at = CASE WHEN $10 THEN excluded.full_descent_at ELSE horizons.full_descent_at END`,
    [
      entityId,
      seen.sourceDatabase,
      seen.timeline,
      seen.relationFile,
      seen.shape,
      seen.horizon,
      seen.oldestBegan,
      seen.takenAt,
      operationNo,
      full,
    ],
  );

/** What was written is not what the source has: the next run looks at every row. */
export const dropHorizon = (target: Session, entityId: number): Promise<number> =>
  target.run('DELETE FROM portage.horizons WHERE entity_id = $1', [entityId]);
