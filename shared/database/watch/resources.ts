/** A running migration as the ledger and the target's server show it at one moment. */
import type { Session } from '../session.ts';

type Row = Record<string, string | null>;
const orNull = (value: string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

export interface Progress {
  readonly atWork: number;
  readonly rows: number;
  readonly rowsTotal: number | null;
  readonly batches: number;
  /** The newest batch of all; where the next look begins. */
  readonly lastBatchNo: string;
  /** Of the batches after `sinceBatchNo`. */
  readonly batchMs: number | null;
  readonly memoryBytes: number | null;
  readonly heartbeatSeconds: number | null;
}

/** Of the newest checkpoint of each entity. */
export async function progressOf(
  target: Session,
  mapName: string,
  entities: readonly string[],
  sinceBatchNo: string | null,
): Promise<Progress> {
  const row = await target.one<Row>(
    `WITH c AS (SELECT DISTINCT ON (c.entity_id) c.id, c.status, c.rows_total FROM portage.migration_checkpoints c JOIN portage.entities e USING (entity_id)
       WHERE e.map_name = $1 AND e.entity = ANY ($2) AND c.status <> 'pending' ORDER BY c.entity_id, c.created_at DESC, (c.status = 'in_progress') DESC),
     b AS (SELECT m.batch_no, m.rows_read - m.parked AS rows, m.read_ms + m.write_ms AS ms, m.memory_bytes, row_number() OVER (PARTITION BY m.checkpoint_id ORDER BY m.batch_no DESC) AS age
       FROM portage.migration_batches m JOIN c ON c.id = m.checkpoint_id)
     SELECT (SELECT count(*) FROM c WHERE status = 'in_progress') AS at_work, (SELECT sum(rows_total) FROM c) AS rows_total,
       coalesce(sum(b.rows), 0) AS rows, count(*) AS batches, coalesce(max(b.batch_no), 0) AS last, round(avg(b.ms) FILTER (WHERE b.batch_no > $3::bigint)) AS batch_ms,
       max(b.memory_bytes) FILTER (WHERE b.age = 1 AND b.batch_no > $3::bigint) AS memory,
       (SELECT extract(epoch FROM clock_timestamp() - max(w.heartbeat_at)) FROM portage.workers w JOIN c ON c.id = w.checkpoint_id WHERE c.status = 'in_progress') AS heartbeat
     FROM b`,
    [mapName, entities, sinceBatchNo ?? '0'],
  );
  const heartbeat = orNull(row['heartbeat']);
  return {
    atWork: Number(row['at_work']),
    rows: Number(row['rows']),
    rowsTotal: orNull(row['rows_total']),
    batches: Number(row['batches']),
    lastBatchNo: row['last'] ?? '0',
    batchMs: orNull(row['batch_ms']),
    memoryBytes: orNull(row['memory']),
    heartbeatSeconds: heartbeat === null ? null : Math.max(0, Math.round(heartbeat * 10) / 10),
  };
}

export interface Activity {
  /** Sessions of Portage at work. */
  readonly active: number;
  readonly waiting: number;
}

export async function activityOf(session: Session): Promise<Activity> {
  const row = await session.one<Row>(
    `SELECT count(*) FILTER (WHERE state <> 'idle') AS active, count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'portage:%'`,
  );
  return { active: Number(row['active']), waiting: Number(row['waiting']) };
}

/** Counters that only grow, until somebody resets them. */
export interface Counters {
  readonly commits: number;
  readonly blocksRead: number;
  readonly blocksHit: number;
  readonly bytes: number;
}

export async function countersOf(session: Session): Promise<Counters> {
  const row = await session.one<Row>(
    `SELECT xact_commit, blks_read, blks_hit, pg_database_size(datid) AS bytes FROM pg_stat_database WHERE datname = current_database()`,
  );
  return {
    commits: Number(row['xact_commit']),
    blocksRead: Number(row['blks_read']),
    blocksHit: Number(row['blks_hit']),
    bytes: Number(row['bytes']),
  };
}
