/** What the batches of an operation say about its flags: memory, sizes, pace, connections. */
import { memoryTrend, type MemoryTrend } from '../../domain/memory-trend.ts';
import type { Session } from '../session.ts';

export interface MemoryFacts {
  readonly batches: number;
  readonly peakBytes: number;
  readonly bytesPerBatch: number;
  readonly trend: MemoryTrend;
}

/** A line is fitted through the batches of each slice by itself, since slices may run in processes of different size. */
const MEMORY = `
  SELECT t.entity, count(*) AS batches, max(t.bytes) AS peak, coalesce(regr_slope(t.bytes - t.mean_bytes, t.n - t.mean_n), 0) AS slope
  FROM (SELECT c.entity_type AS entity, b.memory_bytes AS bytes, b.n, avg(b.memory_bytes) OVER slice AS mean_bytes, avg(b.n) OVER slice AS mean_n
        FROM portage.migration_checkpoints c
        JOIN (SELECT m.*, row_number() OVER (PARTITION BY m.checkpoint_id ORDER BY m.batch_no) AS n FROM portage.migration_batches m) b ON b.checkpoint_id = c.id
        WHERE c.operation_id = $1 WINDOW slice AS (PARTITION BY c.id, b.slice)) t
  GROUP BY t.entity ORDER BY t.entity`;

export async function memoryFacts(target: Session, operationId: string): Promise<Record<string, MemoryFacts>> {
  const rows = await target.rows<{ entity: string; batches: string; peak: string; slope: string }>(MEMORY, [
    operationId,
  ]);
  return Object.fromEntries(
    rows.map(({ entity, batches, peak, slope }) => {
      const use = { batches: Number(batches), peakBytes: Number(peak), bytesPerBatch: Math.round(Number(slope)) };
      return [entity, { ...use, trend: memoryTrend(use) }];
    }),
  );
}

export interface BatchFacts {
  readonly batches: number;
  readonly leastRows: number;
  readonly mostRows: number;
  readonly lastRows: number;
}

/** The last batch of a slice is what was left of it, and says nothing of the size that was steered to. */
const BATCHES = `
  SELECT c.entity_type AS entity, count(*) AS batches, min(b.rows_read) AS least, max(b.rows_read) AS most,
    (array_agg(b.rows_read ORDER BY b.batch_no DESC))[1] AS last
  FROM portage.migration_checkpoints c
  JOIN (SELECT m.*, lead(m.batch_no) OVER (PARTITION BY m.checkpoint_id, m.slice ORDER BY m.batch_no) IS NULL AS is_rest,
          count(*) OVER (PARTITION BY m.checkpoint_id, m.slice) AS of_slice
        FROM portage.migration_batches m WHERE m.slice >= 0 AND m.bytes_read > 0) b ON b.checkpoint_id = c.id AND (NOT b.is_rest OR b.of_slice = 1)
  WHERE c.operation_id = $1 GROUP BY 1 ORDER BY 1`;

export async function batchFacts(target: Session, operationId: string): Promise<Record<string, BatchFacts>> {
  const rows = await target.rows<{ entity: string; batches: string; least: string; most: string; last: string }>(
    BATCHES,
    [operationId],
  );
  return Object.fromEntries(
    rows.map((row) => [
      row.entity,
      {
        batches: Number(row.batches),
        leastRows: Number(row.least),
        mostRows: Number(row.most),
        lastRows: Number(row.last),
      },
    ]),
  );
}

/** How long the lanes of an operation have waited for its pace, together. */
export async function waitedMs(target: Session, operationNo: number): Promise<number> {
  const row = await target.maybeOne<{ waited_ms: string }>(
    'SELECT waited_ms FROM portage.reading_pace WHERE operation_no = $1',
    [operationNo],
  );
  return Number(row?.waited_ms ?? 0);
}

/** Connections of an operation that were opened only after another try. */
export async function retriesOf(target: Session, operationNo: number): Promise<number> {
  const row = await target.one<{ connection_retries: string }>(
    'SELECT connection_retries FROM portage.operations WHERE operation_no = $1',
    [operationNo],
  );
  return Number(row.connection_retries);
}
