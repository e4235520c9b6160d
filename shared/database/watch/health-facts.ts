/** What the ledger and the servers know about the health of everything, for the rules in shared/domain/health. */
import type { CheckpointFact, JobFact } from '../../domain/health/health.ts';
import type { Session } from '../session.ts';

type Row = Record<string, string | null>;
const numberOf = (value: string | null | undefined): number => Number(value ?? 0);

/** The newest checkpoint of each entity of the map; a checkpoint lives as long as anybody of its operation does. */
export async function newestCheckpoints(target: Session, mapName: string): Promise<CheckpointFact[]> {
  const rows = await target.rows<Row>(
    `SELECT DISTINCT ON (c.entity_id) c.entity_type, c.status, c.operation_id, c.error_code,
       extract(epoch FROM clock_timestamp() - greatest(c.updated_at, (SELECT max(w.heartbeat_at) FROM portage.workers w JOIN portage.migration_checkpoints s ON s.id = w.checkpoint_id WHERE s.operation_id = c.operation_id))) AS silent
     FROM portage.migration_checkpoints c JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1 AND c.status <> 'pending'
     ORDER BY c.entity_id, c.created_at DESC, (c.status = 'in_progress') DESC`,
    [mapName],
  );
  return rows.map((row) => ({
    entity: row['entity_type'] ?? '',
    status: row['status'] ?? '',
    operationId: row['operation_id'] ?? '',
    silentSeconds: numberOf(row['silent']),
    errorCode: row['error_code'] ?? null,
  }));
}

/** Jobs of the map. Why one failed stands in its runs, where the ledger has them. */
export async function jobFacts(target: Session, mapName: string): Promise<JobFact[]> {
  const { runs } = await target.one<{ runs: string }>(
    "SELECT (to_regclass('portage.synchronization_runs') IS NOT NULL)::text AS runs",
  );
  const lastError =
    runs === 'true'
      ? `(SELECT concat_ws(' ', r.error_code, r.error_message) FROM portage.synchronization_runs r WHERE r.job_id = j.id AND r.status = 'failed' ORDER BY r.started_at DESC LIMIT 1)`
      : 'NULL';
  const rows = await target.rows<Row>(
    `SELECT j.job_name, j.status, greatest(0, extract(epoch FROM clock_timestamp() - j.next_run_at)) AS overdue, ${lastError} AS last_error
     FROM portage.synchronization_jobs j WHERE j.map_name = $1 ORDER BY j.created_at`,
    [mapName],
  );
  return rows.map((row) => ({
    name: row['job_name'] ?? '',
    status: row['status'] ?? '',
    overdueSeconds: row['overdue'] === null ? null : numberOf(row['overdue']),
    lastError: row['last_error'] === '' ? null : (row['last_error'] ?? null),
  }));
}

export interface OpenWork {
  /** Open differences of both-sided changes, by entity. */
  readonly conflicts: Readonly<Record<string, number>>;
  readonly setAside: Readonly<Record<string, number>>;
}

export async function openWork(target: Session, mapName: string): Promise<OpenWork> {
  const counts = async (sql: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await target.rows<Row>(sql, [mapName])).map((row) => [row['entity'] ?? '', numberOf(row['rows'])]),
    );
  return {
    conflicts: await counts(
      `SELECT e.entity, count(*) AS rows FROM portage.data_differentials d JOIN portage.entities e USING (entity_id)
       WHERE e.map_name = $1 AND NOT d.resolved AND d.comparison_type IN ('conflict', 'adopted', 'reappeared') GROUP BY 1 ORDER BY 1`,
    ),
    setAside: await counts(
      `SELECT e.entity, sum(a.rows) AS rows FROM portage.set_aside_rows a JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1 AND a.state = 'open' GROUP BY 1 ORDER BY 1`,
    ),
  };
}

export interface LastDay {
  readonly read: number;
  readonly setAside: number;
  readonly failed: number;
}

/** Of the map's runs in the last day. An operation that was continued, or after which one of its kind went well, has not failed. */
export async function lastDay(target: Session, mapName: string): Promise<LastDay> {
  const row = await target.one<Row>(
    `SELECT coalesce(sum(b.rows_read), 0) AS read, coalesce(sum(b.set_aside), 0) AS set_aside,
       (SELECT count(*) FROM portage.operations o WHERE o.map_name = $1 AND o.status = 'failed' AND o.ended_at > now() - interval '1 day'
         AND NOT EXISTS (SELECT FROM portage.operations l WHERE l.map_name = o.map_name AND l.operation_type = o.operation_type AND l.operation_no > o.operation_no AND l.status IN ('completed', 'completed_with_findings'))) AS failed
     FROM portage.migration_batches b JOIN portage.migration_checkpoints c ON c.id = b.checkpoint_id
     WHERE c.map_name = $1 AND b.committed_at > now() - interval '1 day'`,
    [mapName],
  );
  return {
    read: numberOf(row['read']),
    setAside: numberOf(row['set_aside']),
    failed: numberOf(row['failed']),
  };
}

export interface ServerAge {
  readonly databaseBytes: number;
  /** Null: the server has no transaction open, or does not show those of other roles. */
  readonly oldestTransactionSeconds: number | null;
  readonly frozenAge: number;
  /** Where the server keeps its data; null where the role may not know. */
  readonly dataDirectory: string | null;
}

export async function serverAge(session: Session): Promise<ServerAge> {
  const row = await session.one<Row>(
    `SELECT pg_database_size(current_database()) AS bytes, (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS frozen,
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend') AS oldest,
       (SELECT nullif(setting, '') FROM pg_settings WHERE name = 'data_directory') AS directory`,
  );
  return {
    databaseBytes: numberOf(row['bytes']),
    oldestTransactionSeconds: row['oldest'] === null ? null : numberOf(row['oldest']),
    frozenAge: numberOf(row['frozen']),
    dataDirectory: row['directory'] ?? null,
  };
}

export async function ledgerBytes(target: Session): Promise<number> {
  const row = await target.one<Row>(
    `SELECT coalesce(sum(pg_total_relation_size(r.oid)), 0) AS bytes FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = 'portage' AND r.relkind = 'r'`,
  );
  return numberOf(row['bytes']);
}
