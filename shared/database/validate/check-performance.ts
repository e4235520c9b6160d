/** The last completed run of an entity against the limits of the settings (SEMANTICS 38). */
import type { Settings } from '../../domain/entity-map.ts';
import { PERFORMANCE_FLOOR } from '../../domain/settings.ts';
import type { Session } from '../session.ts';

/** A shorter run says nothing about a rate. */
const FEWEST_ROWS = 10_000;
const SHORTEST_SECONDS = 5;

export interface PerformanceCheck {
  readonly operationId: string | null;
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number | null;
  /** What is beyond its limit, in words; empty: nothing. */
  readonly beyond: readonly string[];
  /** Why nothing can be said, where nothing can. */
  readonly note: string | null;
}

const LAST_RUN = `SELECT c.operation_id, sum(b.rows_read) AS rows, extract(epoch FROM max(b.committed_at) - c.started_at) AS seconds,
    max(b.read_ms + b.write_ms) AS slowest_ms, max(b.memory_bytes) AS memory
  FROM portage.migration_checkpoints c JOIN portage.migration_batches b ON b.checkpoint_id = c.id
  WHERE c.entity_id = $1 AND c.status LIKE 'completed%' GROUP BY c.id ORDER BY c.created_at DESC LIMIT 1`;

export async function checkPerformance(
  target: Session,
  entityId: number | null,
  settings: Settings,
): Promise<PerformanceCheck> {
  const run = await target.maybeOne(LAST_RUN, [entityId]);
  const rows = Number(run?.['rows'] ?? 0);
  const seconds = Number(run?.['seconds'] ?? 0);
  const base = { operationId: run?.['operation_id'] ?? null, rows, seconds: Math.round(seconds * 10) / 10 };
  if (rows < FEWEST_ROWS || seconds < SHORTEST_SECONDS) {
    const note = `not enough data: ${rows} rows in ${seconds.toFixed(1)} s; a rate needs ${FEWEST_ROWS} rows and ${SHORTEST_SECONDS} s`;
    return { ...base, rowsPerSecond: null, beyond: [], note };
  }
  const rowsPerSecond = Math.round(rows / seconds);
  const floor = settings.performanceFloor ?? PERFORMANCE_FLOOR;
  const slowest = Number(run?.['slowest_ms'] ?? 0);
  const memoryMb = Math.round(Number(run?.['memory'] ?? 0) / 2 ** 20);
  const beyond = [
    ...(rowsPerSecond < floor ? [`${rowsPerSecond} rows/s, the floor is ${floor}`] : []),
    ...(settings.batchTimeoutMs !== undefined && slowest > settings.batchTimeoutMs
      ? [`the slowest batch took ${slowest} ms, the limit is ${settings.batchTimeoutMs}`]
      : []),
    ...(settings.memoryLimitMb !== undefined && memoryMb > settings.memoryLimitMb
      ? [`${memoryMb} MB of memory, the limit is ${settings.memoryLimitMb}`]
      : []),
  ];
  return { ...base, rowsPerSecond, beyond, note: null };
}
