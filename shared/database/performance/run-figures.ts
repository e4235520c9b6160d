/** What the ledger measured of runs: summed and ranked by the database, so that a run of any length is a few numbers here. */
import type { PhaseTimes, RunFigures, SlowBatch } from '../../domain/performance/run-figures.ts';
import { SLOW_FACTOR, SLOW_LEAST_MS } from '../../domain/performance/judge-run.ts';
import type { Session } from '../session.ts';
import { MOMENT } from '../sql/moment.ts';

/** Operations that carry rows from the source; a rollback has another measure. */
export const CARRYING = `('differential_migration', 'synchronization')`;

/** Longer than any batch that keeps within the default timeout: what lies between is an interruption. */
const LONGEST_GAP_MS = 60_000;

/** A range that was equal by its sums is a batch too, in which no row moved. */
const MOVED = `(m.read_ms > 0 OR m.inserted + m.updated + m.deleted + m.adopted + m.kept + m.conflicts + m.parked + m.set_aside > 0)`;

/**
 * Batches of the chosen checkpoints `r`, each with what passed before it: in its own slice, and in the whole run. Read is
 * reported with the first of the batches that were staged together. Work beside the slices (-1) waits for other entities,
 * which is no time of this one.
 */
const BATCHES = `SELECT w.*, CASE WHEN w.slice < 0 AND w.position > 1 THEN least(w.since_ms, w.ms) ELSE w.since_ms END AS gap_ms
  FROM (SELECT m.*, m.read_ms + m.write_ms AS ms, ${MOVED} AS moved,
      CASE WHEN m.slice >= 0 THEN extract(epoch FROM m.committed_at - lag(m.committed_at) OVER slice) * 1000 - m.read_ms - m.write_ms END AS between_ms,
      extract(epoch FROM m.committed_at - coalesce(lag(m.committed_at) OVER run, r.began)) * 1000 AS since_ms,
      row_number() OVER run AS position
    FROM portage.migration_batches m JOIN r ON r.id = m.checkpoint_id
    WINDOW slice AS (PARTITION BY m.checkpoint_id, m.slice ORDER BY m.batch_no), run AS (PARTITION BY m.checkpoint_id ORDER BY m.committed_at, m.batch_no)) w`;

const SPREAD = (name: string, value: string): string =>
  ['0.5', '0.95']
    .map(
      (share) =>
        `percentile_cont(${share}) WITHIN GROUP (ORDER BY ${value}) FILTER (WHERE b.moved) AS ${name}_${share.slice(2)}`,
    )
    .concat(`max(${value}) FILTER (WHERE b.moved) AS ${name}_most`)
    .join(', ');

const FIGURES = (chosen: string): string => `WITH r AS (${chosen}), b AS (${BATCHES})
  SELECT r.entity_type AS entity, r.operation_id, r.status, r.mode, to_char(r.began, ${MOMENT}) AS started_at,
    r.slices,
    coalesce(sum(b.rows_read - b.parked), 0) AS rows, coalesce(sum(b.rows_read) FILTER (WHERE b.moved), 0) AS rows_moved,
    coalesce(sum(b.rows_read) FILTER (WHERE NOT b.moved), 0) AS rows_compared,
    coalesce(sum(b.inserted + b.updated + b.deleted + b.adopted), 0) AS written, coalesce(sum(b.set_aside), 0) AS set_aside, coalesce(sum(b.conflicts), 0) AS conflicts,
    count(b.batch_no) FILTER (WHERE b.moved) AS batches, count(b.batch_no) FILTER (WHERE b.moved AND b.slice >= 0 AND b.rows_read <= 2 AND b.set_aside + b.parked > 0) AS bisected,
    coalesce(sum(least(b.gap_ms, ${LONGEST_GAP_MS})), 0) AS wall_ms, coalesce(sum(greatest(0, b.gap_ms - ${LONGEST_GAP_MS})), 0) AS paused_ms,
    coalesce(greatest(0, max(b.gap_ms - b.ms) FILTER (WHERE b.position = 1)), 0) AS prepare_ms,
    coalesce(sum(b.read_ms), 0) AS read_ms, coalesce(sum(b.write_ms), 0) AS write_ms,
    coalesce(sum(least(greatest(0, b.between_ms), ${LONGEST_GAP_MS})), 0) AS between_ms,
    ${SPREAD('rows', 'b.rows_read')}, ${SPREAD('ms', 'b.ms')},
    (array_agg(b.memory_bytes ORDER BY b.position) FILTER (WHERE b.memory_bytes > 0))[1] AS memory_first,
    (array_agg(b.memory_bytes ORDER BY b.position DESC) FILTER (WHERE b.memory_bytes > 0))[1] AS memory_last, nullif(max(b.memory_bytes), 0) AS memory_most
  FROM r LEFT JOIN b ON b.checkpoint_id = r.id
  GROUP BY r.id, r.entity_type, r.operation_id, r.status, r.mode, r.began, r.slices, r.created_at ORDER BY r.created_at DESC, r.entity_type`;

const RUNS = `SELECT c.id, c.entity_type, c.operation_id, c.status, c.mode, greatest(1, coalesce(json_array_length(c.slices), 1)) AS slices, c.created_at, coalesce(c.started_at, c.created_at) AS began
  FROM portage.migration_checkpoints c JOIN portage.entities e USING (entity_id)
  WHERE c.status <> 'pending' AND c.operation_type IN ${CARRYING} AND e.map_name = $1`;

type Row = Record<string, string | null>;
const numberOf = (value: string | null | undefined): number => Math.round(Number(value ?? 0));

/** The newest runs of an entity, the last first. */
export async function lastRuns(target: Session, mapName: string, entity: string, most: number): Promise<RunFigures[]> {
  const chosen = `${RUNS} AND c.entity_type = $2 ORDER BY c.created_at DESC LIMIT ${most}`;
  return (await target.rows(FIGURES(chosen), [mapName, entity])).map(figuresOf);
}

/** Runs of the last days of one entity or of all, the last first; at most so many. */
export async function runsSince(
  target: Session,
  mapName: string,
  entities: readonly string[],
  days: number,
  most: number,
): Promise<RunFigures[]> {
  const chosen = `${RUNS} AND c.entity_type = ANY ($2) AND coalesce(c.started_at, c.created_at) > now() - make_interval(days => $3) ORDER BY c.created_at DESC LIMIT ${most}`;
  return (await target.rows(FIGURES(chosen), [mapName, entities, days])).map(figuresOf);
}

function figuresOf(row: Row): RunFigures {
  const [rows, wallMs] = [numberOf(row['rows']), numberOf(row['wall_ms'])];
  const phases: PhaseTimes = {
    prepareMs: numberOf(row['prepare_ms']),
    readMs: numberOf(row['read_ms']),
    writeMs: numberOf(row['write_ms']),
    betweenMs: numberOf(row['between_ms']),
  };
  const spread = (name: string) => ({
    median: numberOf(row[`${name}_5`]),
    p95: numberOf(row[`${name}_95`]),
    most: numberOf(row[`${name}_most`]),
  });
  return {
    entity: row['entity'] ?? '',
    operationId: row['operation_id'] ?? '',
    status: row['status'] ?? '',
    mode: row['mode'] ?? '',
    startedAt: row['started_at'] ?? '',
    rows,
    rowsMoved: numberOf(row['rows_moved']),
    rowsCompared: numberOf(row['rows_compared']),
    written: numberOf(row['written']),
    setAside: numberOf(row['set_aside']),
    conflicts: numberOf(row['conflicts']),
    batches: numberOf(row['batches']),
    bisected: numberOf(row['bisected']),
    slices: numberOf(row['slices']),
    wallMs,
    pausedMs: numberOf(row['paused_ms']),
    rowsPerSecond: rows > 0 && wallMs > 0 ? Math.round((rows * 10_000) / wallMs) / 10 : null,
    phases,
    batchRows: spread('rows'),
    batchMs: spread('ms'),
    memoryBytes:
      row['memory_most'] === null
        ? null
        : {
            first: numberOf(row['memory_first']),
            last: numberOf(row['memory_last']),
            most: numberOf(row['memory_most']),
          },
  };
}

/** Batches of a run that took far longer than its median, the slowest first. */
export async function slowBatches(target: Session, run: RunFigures, most: number): Promise<SlowBatch[]> {
  const least = Math.max(run.batchMs.median * SLOW_FACTOR, run.batchMs.median + SLOW_LEAST_MS);
  const rows = await target.rows<Row>(
    `SELECT m.batch_no, m.slice, m.lower_bound, m.upper_bound, m.rows_read, m.set_aside, m.read_ms, m.write_ms, to_char(m.committed_at, ${MOMENT}) AS committed
     FROM portage.migration_batches m JOIN portage.migration_checkpoints c ON c.id = m.checkpoint_id
     WHERE c.operation_id = $1 AND c.entity_type = $2 AND ${MOVED} AND m.read_ms + m.write_ms >= $3 ORDER BY m.read_ms + m.write_ms DESC, m.batch_no LIMIT ${most}`,
    [run.operationId, run.entity, least],
  );
  return rows.map((row) => ({
    batchNo: row['batch_no'] ?? '',
    slice: numberOf(row['slice']),
    from: row['lower_bound'] ?? null,
    to: row['upper_bound'] ?? null,
    rows: numberOf(row['rows_read']),
    setAside: numberOf(row['set_aside']),
    readMs: numberOf(row['read_ms']),
    writeMs: numberOf(row['write_ms']),
    committedAt: row['committed'] ?? '',
  }));
}
