/** What a bug report says of a server: version, settings that change how we behave there, sizes. */
import type { RelationName } from '../../domain/entity-map.ts';
import type { Session } from '../session.ts';

type Facts = Record<string, string | number | boolean | null>;
type Row = Record<string, string | null>;

export async function serverFacts(session: Session): Promise<Facts> {
  const row = await session.one<Row>(
    `SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding, d.datcollate AS collation, d.datctype AS ctype,
       pg_is_in_recovery()::text AS standby, pg_size_pretty(pg_database_size(d.oid)) AS size, current_user AS role, (SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user) AS superuser,
       to_char(pg_postmaster_start_time(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started, (SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension) AS extensions
     FROM pg_database d WHERE d.datname = current_database()`,
  );
  return { ...row };
}

/** Settings of the server itself, not those of this session. */
const SETTINGS = [
  ...['shared_buffers', 'work_mem', 'maintenance_work_mem', 'effective_cache_size', 'max_connections'],
  ...['max_wal_size', 'checkpoint_timeout', 'synchronous_commit', 'fsync', 'wal_level', 'max_prepared_transactions'],
  ...[
    'autovacuum',
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    'session_replication_role',
  ],
  ...['default_transaction_isolation', 'TimeZone', 'jit', 'temp_file_limit', 'max_parallel_workers_per_gather'],
] as const;

export async function serverSettings(session: Session): Promise<Facts> {
  const rows = await session.rows<{ name: string; value: string }>(
    "SELECT name, reset_val || coalesce(' ' || unit, '') AS value FROM pg_settings WHERE name = ANY ($1::text[]) ORDER BY name",
    [SETTINGS],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

/** As the planner estimates them: a report must not read a hundred million rows. */
export async function tableSizes(session: Session, relations: readonly RelationName[]): Promise<TableSize[]> {
  const rows = await session.rows<{ table: string; rows: string; bytes: string }>(
    `SELECT n.nspname || '.' || r.relname AS table, r.reltuples::bigint AS rows, pg_total_relation_size(r.oid) AS bytes
     FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS u(s, t)) w JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = w.t ORDER BY 3 DESC`,
    [relations.map(({ schema }) => schema), relations.map(({ name }) => name)],
  );
  return rows.map((row) => ({ table: row.table, rows: Number(row.rows), bytes: Number(row.bytes) }));
}

/** Rows of each table of the ledger: counted where they are few, estimated by the planner above. */
export async function ledgerCounts(target: Session, tables: readonly string[]): Promise<Record<string, number>> {
  const estimates = await target.rows<{ name: string; rows: string }>(
    `SELECT t AS name, coalesce((SELECT sum(greatest(0, r.reltuples)) FROM pg_class r WHERE r.oid IN (SELECT relid FROM pg_partition_tree(format('portage.%I', t)::regclass))), 0)::bigint AS rows FROM unnest($1::text[]) t`,
    [tables],
  );
  const counts: Record<string, number> = {};
  for (const { name, rows } of estimates) {
    if (Number(rows) > FEW) counts[name] = Number(rows);
    else
      counts[name] = Number(
        (await target.one<{ rows: string }>(`SELECT count(*) AS rows FROM portage."${name}"`)).rows,
      );
  }
  return counts;
}

/** Counting so many takes no time that one would notice. */
const FEW = 100_000;
