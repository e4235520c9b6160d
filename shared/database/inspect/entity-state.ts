/** What the ledger and the servers know of one entity, for whoever looks for what went wrong. No value of a row is read. */
import { leafName } from '../../domain/compiled/key-forms.ts';
import type { RelationName } from '../../domain/entity-map.ts';
import type { Session } from '../session.ts';
import { MOMENT } from '../sql/moment.ts';

type Row = Record<string, string | null>;
const text = (value: string | null | undefined): string => value ?? '';
const numberOf = (value: string | null | undefined): number => Number(value ?? 0);
const counts = (rows: readonly Row[]): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [text(row['name']), numberOf(row['rows'])]));

export interface LedgerState {
  readonly entityId: number;
  readonly leaf: string;
  readonly mapped: Record<string, number>;
  readonly setAside: Record<string, number>;
  readonly parked: number;
  readonly pendingReferences: Record<string, number>;
  readonly differentials: Record<string, number>;
  readonly fence: number | null;
}

export async function ledgerState(target: Session, entityId: number): Promise<LedgerState> {
  const ask = (sql: string): Promise<Row[]> => target.rows<Row>(sql, [entityId]);
  const mapped = await target.rows<Row>(
    `SELECT CASE WHEN closed_by IS NOT NULL THEN 'closed' WHEN origin = 'i' THEN 'inserted' WHEN origin = 'a' THEN 'adopted' ELSE 'repaired' END AS name, count(*) AS rows
     FROM ${leafName(entityId)} GROUP BY 1 ORDER BY 1`,
  );
  const [parked] = await ask('SELECT count(*) AS rows FROM portage.parked_rows WHERE entity_id = $1');
  const [fence] = await ask('SELECT fence FROM portage.fences WHERE entity_id = $1');
  return {
    entityId,
    leaf: leafName(entityId),
    mapped: counts(mapped),
    setAside: counts(
      await ask(
        "SELECT state AS name, count(*) AS rows FROM portage.set_aside_rows WHERE entity_id = $1 AND state IN ('open', 'ignored') GROUP BY 1 ORDER BY 1 DESC",
      ),
    ),
    parked: numberOf(parked?.['rows']),
    pendingReferences: counts(
      await ask(
        'SELECT column_name AS name, count(*) AS rows FROM portage.pending_references WHERE entity_id = $1 GROUP BY 1 ORDER BY 1',
      ),
    ),
    differentials: counts(
      await ask(
        'SELECT comparison_type AS name, count(*) AS rows FROM portage.data_differentials WHERE entity_id = $1 AND NOT resolved GROUP BY 1 ORDER BY 1',
      ),
    ),
    fence: fence === undefined ? null : numberOf(fence['fence']),
  };
}

export interface ListedBatch {
  readonly batchNo: string;
  readonly operationId: string;
  readonly slice: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly setAside: number;
  readonly readMs: number;
  readonly writeMs: number;
  readonly committedAt: string;
}

/** Newest first. */
export async function lastBatches(target: Session, entityId: number, limit: number): Promise<ListedBatch[]> {
  const rows = await target.rows<Row>(
    `SELECT b.*, c.operation_id, to_char(b.committed_at, ${MOMENT}) AS committed FROM portage.migration_batches b JOIN portage.migration_checkpoints c ON c.id = b.checkpoint_id
     WHERE c.entity_id = $1 ORDER BY b.batch_no DESC LIMIT ${limit}`,
    [entityId],
  );
  return rows.map((row) => ({
    batchNo: text(row['batch_no']),
    operationId: text(row['operation_id']),
    slice: numberOf(row['slice']),
    from: row['lower_bound'] ?? null,
    to: row['upper_bound'] ?? null,
    read: numberOf(row['rows_read']),
    inserted: numberOf(row['inserted']),
    updated: numberOf(row['updated']),
    setAside: numberOf(row['set_aside']),
    readMs: numberOf(row['read_ms']),
    writeMs: numberOf(row['write_ms']),
    committedAt: text(row['committed']),
  }));
}

export interface ListedFailure {
  readonly legacyId: string;
  readonly code: string;
  readonly column: string | null;
  readonly reason: string;
  readonly lastSeen: string;
}

/** Newest first. */
export async function lastFailures(target: Session, entityId: number, limit: number): Promise<ListedFailure[]> {
  const rows = await target.rows<Row>(
    `SELECT legacy_key, code, column_name, reason, to_char(last_seen, ${MOMENT}) AS seen FROM portage.set_aside_rows
     WHERE entity_id = $1 AND state = 'open' ORDER BY last_seen DESC, legacy_key LIMIT ${limit}`,
    [entityId],
  );
  return rows.map((row) => ({
    legacyId: text(row['legacy_key']),
    code: text(row['code']),
    column: row['column_name'] ?? null,
    reason: text(row['reason']),
    lastSeen: text(row['seen']),
  }));
}

export interface ListedError {
  readonly operationId: string;
  readonly at: string;
  readonly code: string;
  readonly message: string;
}

/** Of the entity's own part of an operation where that is known, otherwise of the operation. Newest first. */
export async function lastErrors(target: Session, entityId: number, limit: number): Promise<ListedError[]> {
  const rows = await target.rows<Row>(
    `SELECT o.operation_id, to_char(coalesce(o.ended_at, c.updated_at), ${MOMENT}) AS at, coalesce(c.error_code, o.error_code) AS code, coalesce(c.error_message, o.error_message, '') AS message
     FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
     WHERE c.entity_id = $1 AND (c.error_code IS NOT NULL OR o.error_code IS NOT NULL AND c.status <> 'completed') ORDER BY o.operation_no DESC LIMIT ${limit}`,
    [entityId],
  );
  return rows.map((row) => ({
    operationId: text(row['operation_id']),
    at: text(row['at']),
    code: text(row['code']),
    message: text(row['message']),
  }));
}

export interface ListedSession {
  readonly side: 'source' | 'target';
  readonly pid: number;
  readonly application: string;
  readonly state: string;
  readonly waitsFor: string | null;
  readonly blockedBy: readonly number[];
  readonly seconds: number;
}

/** Sessions named `portage:OPERATION:ENTITY`, but this one; a pooled one that rests is none. */
export async function sessionsOn(session: Session, entity: string): Promise<ListedSession[]> {
  const rows = await session.rows<Row>(
    `SELECT pid, application_name, coalesce(state, 'unknown') AS state, CASE WHEN wait_event_type IN ('Lock', 'LWLock', 'IO') THEN wait_event_type || ' ' || wait_event END AS waits_for,
       array_to_json(pg_blocking_pids(pid))::text AS blocked_by, round(extract(epoch FROM clock_timestamp() - coalesce(query_start, backend_start))::numeric, 1) AS seconds
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'portage:%' AND split_part(application_name, ':', 3) = $1 ORDER BY pid`,
    [entity],
  );
  return rows.map((row) => ({
    side: session.side,
    pid: numberOf(row['pid']),
    application: text(row['application_name']),
    state: text(row['state']),
    waitsFor: row['waits_for'] ?? null,
    blockedBy: JSON.parse(row['blocked_by'] ?? '[]') as number[],
    seconds: numberOf(row['seconds']),
  }));
}

export interface ListedLock {
  readonly relation: string;
  readonly pid: number;
  readonly application: string;
  readonly mode: string;
  readonly granted: boolean;
}

/** Locks on the target table that no other writer passes, and whoever waits for one. */
export async function locksOn(target: Session, table: RelationName): Promise<ListedLock[]> {
  const rows = await target.rows<Row>(
    `SELECT n.nspname || '.' || r.relname AS relation, l.pid, coalesce(a.application_name, '') AS application, l.mode, l.granted::text AS granted
     FROM pg_locks l JOIN pg_class r ON r.oid = l.relation JOIN pg_namespace n ON n.oid = r.relnamespace LEFT JOIN pg_stat_activity a USING (pid)
     WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()
       AND n.nspname = $1 AND r.relname = $2 AND (NOT l.granted OR l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock'))
     ORDER BY l.granted DESC, l.pid`,
    [table.schema, table.name],
  );
  return rows.map((row) => ({
    relation: text(row['relation']),
    pid: numberOf(row['pid']),
    application: text(row['application']),
    mode: text(row['mode']),
    granted: row['granted'] === 'true',
  }));
}
