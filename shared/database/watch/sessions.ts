/**
 * The sessions of a server as pg_stat_activity shows them. What a session runs is not read: a statement of the application
 * may carry values. A role sees the states of other roles only as a member of pg_read_all_stats.
 */
import type { ConnectionLimit, SessionFact } from '../../domain/health/connections.ts';
import type { RelationName } from '../../domain/entity-map.ts';
import type { Session } from '../session.ts';

/** What `left(application_name, ...)` begins with where the session is one of ours. */
const OURS = `a.application_name LIKE 'portage:%'`;

type Row = Record<string, string | null>;
const text = (value: string | null | undefined): string => value ?? '';
const orNull = (value: string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** Ours, and those of anybody that hold the table; without one that asks. */
export async function sessionFacts(session: Session, table: RelationName | null): Promise<SessionFact[]> {
  const holds = `EXISTS (SELECT FROM pg_locks l JOIN pg_class r ON r.oid = l.relation JOIN pg_namespace n ON n.oid = r.relnamespace
     WHERE l.pid = a.pid AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND n.nspname = $1 AND r.relname = $2)`;
  const rows = await session.rows<Row>(
    `SELECT a.pid, coalesce(a.application_name, '') AS application, (${OURS})::text AS ours, coalesce(a.usename, '') AS role, host(a.client_addr) AS client,
       coalesce(a.state, 'unknown') AS state, greatest(0, round(extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.backend_start))::numeric, 1)) AS state_seconds,
       round(extract(epoch FROM clock_timestamp() - a.xact_start)::numeric, 1) AS transaction_seconds,
       CASE WHEN a.wait_event_type IN ('Lock', 'LWLock', 'IO') THEN a.wait_event_type || ' ' || a.wait_event END AS waits_for,
       array_to_json(CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END)::text AS blocked_by, (${holds})::text AS holds
     FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' AND (${OURS} OR ${holds}) ORDER BY a.backend_start, a.pid`,
    [table?.schema ?? '', table?.name ?? ''],
  );
  return rows.map((row) => ({
    pid: Number(row['pid']),
    application: text(row['application']),
    ours: row['ours'] === 'true',
    role: text(row['role']),
    client: row['client'] ?? null,
    state: text(row['state']),
    stateSeconds: Number(row['state_seconds']),
    transactionSeconds: orNull(row['transaction_seconds']),
    waitsFor: row['waits_for'] ?? null,
    blockedBy: JSON.parse(row['blocked_by'] ?? '[]') as number[],
    operationStatus: null,
    holdsTable: row['holds'] === 'true',
  }));
}

/** `portage:diff_migration_20231201_123456:doctors`: the operation in the middle; other steps have no operation. */
export const operationOfSession = (application: string): string | null => {
  const [, middle, entity] = application.split(':');
  return entity === undefined || middle === undefined ? null : middle;
};

/** Adds what the ledger says of the operations behind sessions. */
export async function withOperationStatus(target: Session, sessions: readonly SessionFact[]): Promise<SessionFact[]> {
  const ids = sessions.flatMap(({ application }) => operationOfSession(application) ?? []);
  if (ids.length === 0) return [...sessions];
  const rows = await target.rows<{ operation_id: string; status: string }>(
    'SELECT operation_id, status FROM portage.operations WHERE operation_id = ANY ($1)',
    [ids],
  );
  const status = new Map(rows.map((row) => [row.operation_id, row.status]));
  return sessions.map((session) => ({
    ...session,
    operationStatus: status.get(operationOfSession(session.application) ?? '') ?? null,
  }));
}

export interface ServerUse {
  /** Client sessions of this database, by state. */
  readonly byState: Readonly<Record<string, number>>;
  readonly ours: {
    readonly all: number;
    readonly active: number;
    readonly idleInTransaction: number;
    readonly waiting: number;
  };
  /** Of the whole server. */
  readonly sessions: number;
  readonly limits: readonly ConnectionLimit[];
}

/**
 * How much of each limit is in use. The server counts every session but those that it keeps for superusers; the database
 * and the role may have limits of their own, and Portage's is that of its configuration.
 */
export async function serverUse(session: Session, configured: number): Promise<ServerUse> {
  const row = await session.one<Record<string, string>>(
    `WITH a AS (SELECT * FROM pg_stat_activity a WHERE a.backend_type = 'client backend'),
       here AS (SELECT * FROM a WHERE a.datname = current_database()), own AS (SELECT * FROM here a WHERE ${OURS} AND a.pid <> pg_backend_pid())
     SELECT (SELECT count(*) FROM a) AS sessions, current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS server_most,
       (SELECT count(*) FROM here) AS database_used, (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_most,
       (SELECT count(*) FROM a WHERE a.usesysid = (SELECT oid FROM pg_roles WHERE rolname = session_user)) AS role_used, (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS role_most,
       (SELECT coalesce(json_object_agg(s.state, s.n), '{}') FROM (SELECT coalesce(state, 'unknown') AS state, count(*) AS n FROM here GROUP BY 1 ORDER BY 1) s) AS by_state,
       (SELECT count(*) FROM own) AS ours, (SELECT count(*) FROM own WHERE state = 'active') AS active,
       (SELECT count(*) FROM own WHERE state LIKE 'idle in transaction%') AS idle_in_transaction, (SELECT count(*) FROM own WHERE wait_event_type = 'Lock') AS waiting`,
  );
  const of = (name: string): number => Number(row[name]);
  const limits: ConnectionLimit[] = [
    { name: 'the server', used: of('sessions'), most: of('server_most') },
    ...(of('database_most') > 0
      ? [{ name: 'the database', used: of('database_used'), most: of('database_most') } as const]
      : []),
    ...(of('role_most') > 0 ? [{ name: 'the role', used: of('role_used'), most: of('role_most') } as const] : []),
    { name: 'Portage', used: of('ours'), most: configured },
  ];
  return {
    byState: JSON.parse(row['by_state'] ?? '{}') as Record<string, number>,
    ours: {
      all: of('ours'),
      active: of('active'),
      idleInTransaction: of('idle_in_transaction'),
      waiting: of('waiting'),
    },
    sessions: of('sessions'),
    limits,
  };
}
