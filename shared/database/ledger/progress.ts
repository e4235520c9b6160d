/** What batches have counted: the truth behind progress, summaries and the end of an entity. */
import type { RowCounts } from '../../domain/action-counts.ts';
import type { Slice } from '../../domain/slice.ts';
import type { Session } from '../session.ts';

/** What somebody decided to do without was set aside again, and counts no more. */
const IGNORED = `(SELECT coalesce(sum(a.rows), 0) FROM portage.set_aside_rows a JOIN portage.operations o USING (operation_no)
  WHERE a.entity_id = c.entity_id AND a.state = 'ignored' AND o.operation_id = c.operation_id)`;

/** Parked rows were read again for their last look, which is where they are counted. */
const SUMS = `coalesce(sum(b.rows_read - b.parked), 0) AS read, coalesce(sum(b.inserted), 0) AS inserted, coalesce(sum(b.updated), 0) AS updated, coalesce(sum(b.unchanged), 0) AS unchanged,
  coalesce(sum(b.deleted), 0) AS deleted, coalesce(sum(b.adopted), 0) AS adopted, coalesce(sum(b.kept), 0) AS kept, coalesce(sum(b.conflicts), 0) AS conflicts, greatest(0, coalesce(sum(b.set_aside), 0) - ${IGNORED}) AS "setAside"`;

export interface EntitySummary extends RowCounts {
  readonly durationMs: number;
}

/** Counts of every entity of an operation, by entity name. */
export async function summarize(target: Session, operationId: string): Promise<Record<string, EntitySummary>> {
  const rows = await target.rows(
    `SELECT c.entity_type AS entity, ${SUMS}, (SELECT count(*) FROM portage.parked_rows p WHERE p.entity_id = c.entity_id) AS parked,
       round(extract(epoch FROM coalesce(max(b.committed_at), c.updated_at) - coalesce(c.started_at, c.updated_at)) * 1000) AS "durationMs"
     FROM portage.migration_checkpoints c LEFT JOIN portage.migration_batches b ON b.checkpoint_id = c.id
     WHERE c.operation_id = $1 AND c.status <> 'pending' GROUP BY c.id ORDER BY c.started_at, c.entity_type`,
    [operationId],
  );
  const numbers = (counts: Record<string, string | null>): EntitySummary =>
    Object.fromEntries(
      Object.entries(counts).map(([name, value]) => [name, Number(value)]),
    ) as unknown as EntitySummary;
  return Object.fromEntries(
    rows.map(({ entity, ...counts }): [string, EntitySummary] => [entity ?? '', numbers(counts)]),
  );
}

/** Whether every slice of the plan has been worked through to its end, without a gap. */
export async function allSlicesDone(target: Session, checkpointId: string, slices: readonly Slice[]): Promise<boolean> {
  const rows = await target.rows<{ slice: string; upper_bound: string | null }>(
    'SELECT DISTINCT ON (slice) slice, upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice >= 0 ORDER BY slice, batch_no DESC',
    [checkpointId],
  );
  const ends = new Map(rows.map((row) => [Number(row.slice), row.upper_bound]));
  return slices.every((slice) => ends.has(slice.slice) && ends.get(slice.slice) === slice.to);
}

/** Rows that the operation wrote for an entity. */
export async function writtenBy(target: Session, checkpointId: string): Promise<number> {
  const row = await target.one(
    'SELECT coalesce(sum(inserted + updated + deleted + adopted), 0) AS rows FROM portage.migration_batches WHERE checkpoint_id = $1',
    [checkpointId],
  );
  return Number(row['rows']);
}
