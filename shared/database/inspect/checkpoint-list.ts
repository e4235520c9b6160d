/** Checkpoints as a person asks for them: how far, how fast, how long yet, and whether anybody is at work on them. */
import { atPace, timeLeft } from '../../domain/eta.ts';
import type { CheckpointStatus } from '../ledger/checkpoints.ts';
import type { Session } from '../session.ts';

export interface ListedCheckpoint {
  readonly id: string;
  readonly entity: string;
  readonly operationId: string;
  readonly operationType: string;
  readonly status: string;
  readonly mode: string;
  readonly rowsDone: number;
  /** Null while nobody has counted. */
  readonly rowsTotal: number | null;
  readonly rowsPerSecond: number | null;
  /** Of one lane; null before the first batch. */
  readonly msPerRow: number | null;
  /** As it was expected, against other entities; null: nothing was. */
  readonly rowCost: number | null;
  /** Null unless it is being worked on. */
  readonly etaSeconds: number | null;
  readonly heartbeatAgeSeconds: number | null;
  readonly owner: string | null;
  readonly setAside: number;
  /** False: its undo entries were cleaned up. */
  readonly undoable: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface CheckpointFilter {
  readonly mapName: string;
  /** Null: every entity. */
  readonly entities: readonly string[] | null;
  /** Of the latest checkpoint, or with `history` of any. */
  readonly status: CheckpointStatus | null;
  readonly history: boolean;
}

/**
 * The pause of an interrupted run is no part of its rate: between two batches at most so many seconds count. Longer than
 * any batch that keeps within the default timeout.
 */
export const LONGEST_GAP_SECONDS = 60;

/** Of a worker that says nothing for longer nobody can tell when it will have ended; null: it was told to give no sign. */
export const isSilent = (heartbeatAge: number | null): boolean => (heartbeatAge ?? 0) > LONGEST_GAP_SECONDS;

/** A row that was parked is read again for its last look, which is where it is counted. */
const QUERY = `
  WITH chosen AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.entity_id ORDER BY c.created_at DESC, (c.status = 'in_progress') DESC) AS age
    FROM portage.migration_checkpoints c JOIN portage.entities e USING (entity_id)
    WHERE e.map_name = $1 AND ($2::text[] IS NULL OR e.entity = ANY ($2))
  )
  SELECT c.id, c.entity_type AS entity, c.operation_id, c.operation_type, c.status, c.mode, c.rows_total, c.row_cost, c.owner, c.error_code, c.error_message,
    to_char(coalesce(c.started_at, c.created_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
    CASE WHEN c.status <> 'in_progress' THEN to_char(coalesce(c.completed_at, c.updated_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END AS ended_at,
    (o.undo_cleaned_at IS NULL)::text AS undoable, o.request->>'maxRate' AS max_rate,
    b.rows_done, b.set_aside, b.seconds, b.ms, extract(epoch FROM clock_timestamp() - w.heartbeat_at) AS heartbeat_age
  FROM chosen c JOIN portage.operations o ON o.operation_id = c.operation_id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.rows_read - t.parked), 0) AS rows_done, coalesce(sum(t.set_aside), 0) AS set_aside, sum(t.ms) FILTER (WHERE t.rows_read > 0) AS ms,
      sum(least(extract(epoch FROM t.gap), ${LONGEST_GAP_SECONDS})) AS seconds
    FROM (SELECT m.rows_read, m.parked, m.set_aside, m.read_ms + m.write_ms AS ms, m.committed_at - coalesce(lag(m.committed_at) OVER (ORDER BY m.committed_at), c.started_at, c.created_at) AS gap
          FROM portage.migration_batches m WHERE m.checkpoint_id = c.id) t
  ) b
  LEFT JOIN LATERAL (SELECT max(w.heartbeat_at) AS heartbeat_at FROM portage.workers w WHERE w.checkpoint_id = c.id AND c.status = 'in_progress') w ON true
  WHERE ($4 OR c.age = 1) AND ($3::text IS NULL OR c.status = $3)
  ORDER BY coalesce(c.started_at, c.created_at) DESC, c.entity_type`;

export const numberOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

export const wholeSeconds = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms / 1000));
const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Newest first. */
export async function listCheckpoints(target: Session, filter: CheckpointFilter): Promise<ListedCheckpoint[]> {
  const rows = await target.rows(QUERY, [filter.mapName, filter.entities, filter.status, filter.history]);
  return rows.map((row) => {
    const rowsDone = Number(row['rows_done']);
    const rowsTotal = numberOrNull(row['rows_total']);
    const seconds = Number(row['seconds']);
    const rate = rowsDone > 0 && seconds > 0 ? rowsDone / seconds : null;
    const isRunning = row['status'] === 'in_progress';
    const heartbeat = numberOrNull(row['heartbeat_age']);
    const rowsLeft = rowsTotal === null ? null : Math.max(0, rowsTotal - rowsDone);
    return {
      id: row['id'] ?? '',
      entity: row['entity'] ?? '',
      operationId: row['operation_id'] ?? '',
      operationType: row['operation_type'] ?? '',
      status: row['status'] ?? '',
      mode: row['mode'] ?? '',
      rowsDone,
      rowsTotal,
      rowsPerSecond: rate === null ? null : rounded(rate),
      msPerRow: rowsDone > 0 && row['ms'] !== null ? rounded(Number(row['ms']) / rowsDone, 6) : null,
      rowCost: numberOrNull(row['row_cost']),
      etaSeconds:
        isRunning && rowsLeft !== null && !isSilent(heartbeat)
          ? wholeSeconds(atPace(timeLeft(rowsDone, rowsLeft, seconds * 1000), rowsLeft, numberOrNull(row['max_rate'])))
          : null,
      heartbeatAgeSeconds: heartbeat === null ? null : rounded(Math.max(0, heartbeat)),
      owner: row['owner'] ?? null,
      setAside: Number(row['set_aside']),
      undoable: row['undoable'] === 'true',
      startedAt: row['started_at'] ?? '',
      endedAt: row['ended_at'] ?? null,
      error: row['error_code'] ? { code: row['error_code'], message: row['error_message'] ?? '' } : null,
    };
  });
}
