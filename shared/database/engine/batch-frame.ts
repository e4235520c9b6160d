/** The frame of every batch: begun under the fence, ended with its counts, all in one transaction (SEMANTICS 19, 20). */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { NOTHING } from '../../domain/action-counts.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { transaction } from '../transactions.ts';
import type { KeyRange } from '../sql/range.ts';
import { actionCounts } from '../sql/record.ts';

import type { Worker } from './worker.ts';

export interface BatchOutcome {
  readonly counts: RowCounts;
  /** Somebody asked the operation to stop: this batch was not begun. */
  readonly stopped: boolean;
  /** Another worker had committed this batch: where it ended. */
  readonly repeatedTo?: string | null;
  /** Rows of its counts that were as they were, and not staged. */
  readonly passed?: number;
}

interface Begun {
  readonly batchNo: string;
  readonly stopped: boolean;
  readonly repeated: { readonly to: string | null } | null;
}

/**
 * Triggers and constraints of the target may name functions and tables of its schema without saying so (SEMANTICS 1). Until the
 * transaction ends; where it is about several entities, the schema of each.
 * @param schemas SQL of their quoted names, commas between
 */
export const withOwnSchemas = (schemas: string): string =>
  `set_config('search_path', concat_ws(', ', current_setting('search_path'), ${schemas}::text), true)`;

/** Fence, stop flag and the batch's own row, which decides between two workers on the same range (SEMANTICS 19, 20). */
export async function beginBatch(worker: Worker, range: KeyRange): Promise<Begun> {
  const { target } = worker;
  const held = await target.maybeOne<{ fence: string; stop: string }>(
    `SELECT f.fence, (SELECT (o.stop_requested_at IS NOT NULL)::text FROM portage.operations o WHERE o.operation_no = $2) AS stop,
       set_config('portage.operation', $3, true), ${withOwnSchemas('$4')} FROM portage.fences f WHERE f.entity_id = $1 FOR KEY SHARE OF f`,
    [
      worker.entity.entityId,
      worker.operationNo,
      worker.operationId,
      quoteIdentifier(worker.entity.target.relation.schema),
    ],
  );
  if (Number(held?.fence) !== worker.fence) {
    throw new PortageError('M011', `another worker has taken over ${worker.entity.name}`, {
      got: `fence ${worker.fence}`,
      expected: `fence ${held?.fence ?? 'none'}`,
      where: worker.entity.name,
    });
  }
  if (held?.stop === 'true') return { batchNo: '', stopped: true, repeated: null };
  const row = await target.maybeOne<{ batch_no: string }>(
    `INSERT INTO portage.migration_batches (checkpoint_id, slice, lower_bound, upper_bound, fence, rows_read, inserted, updated, unchanged, deleted, adopted, kept, conflicts, parked, set_aside, read_ms, write_ms, memory_bytes)
     VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING RETURNING batch_no`,
    [worker.checkpointId, worker.slice, range.from, range.to, worker.fence],
  );
  if (row) return { batchNo: row.batch_no, stopped: false, repeated: null };
  const stored = await target.one<{ upper_bound: string | null }>(
    'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = $2 AND lower_bound IS NOT DISTINCT FROM $3',
    [worker.checkpointId, worker.slice, range.from],
  );
  return { batchNo: '', stopped: false, repeated: { to: stored.upper_bound } };
}

export interface BatchCost {
  readonly readMs: number;
  readonly writeMs: number;
  /** Of its rows as they came from the source. */
  readonly bytes?: number;
}

export async function endBatch(
  worker: Worker,
  batchNo: string,
  counts: RowCounts,
  { readMs, writeMs, bytes = 0 }: BatchCost,
): Promise<void> {
  await worker.target.run(
    `WITH beat AS (UPDATE portage.workers SET heartbeat_at = clock_timestamp() WHERE checkpoint_id = $15 AND slice = $16)
     UPDATE portage.migration_batches SET rows_read = $2, inserted = $3, updated = $4, unchanged = $5, deleted = $6, adopted = $7, kept = $8, conflicts = $9, parked = $10, set_aside = $11,
       read_ms = $12, write_ms = $13, memory_bytes = $14, bytes_read = $17, committed_at = clock_timestamp() WHERE batch_no = $1`,
    [
      batchNo,
      counts.read,
      counts.inserted,
      counts.updated,
      counts.unchanged,
      counts.deleted,
      counts.adopted,
      counts.kept,
      counts.conflicts,
      counts.parked,
      counts.setAside,
      readMs,
      writeMs,
      process.memoryUsage.rss(),
      worker.checkpointId,
      worker.slice,
      bytes,
    ],
  );
}

/** What the batch does with its rows: of a row that was settled, what it becomes. @param which as of actionCounts */
export async function countActions(worker: Worker, which?: string): Promise<ActionCount[]> {
  const rows = await worker.target.rows<{ action: string; in_source: string; rows: string; waiting: string }>(
    actionCounts(worker.entity, which),
  );
  return rows.map((row) => ({
    action: row.action,
    inSource: row.in_source === 'true',
    rows: Number(row.rows),
    waiting: Number(row.waiting),
  }));
}

interface Done {
  readonly counts: RowCounts;
  readonly readMs: number;
  readonly bytes?: number;
  readonly passed?: number;
}

/** The frame of every batch: begun under the fence, ended with its counts, all in one transaction. */
export async function inBatch(
  worker: Worker,
  range: KeyRange,
  work: (batchNo: string) => Promise<Done>,
): Promise<BatchOutcome> {
  const started = performance.now();
  return transaction(worker.target, async () => {
    const begun = await beginBatch(worker, range);
    if (begun.stopped) return { counts: NOTHING, stopped: true };
    if (begun.repeated) return { counts: NOTHING, stopped: false, repeatedTo: begun.repeated.to };
    const { counts, readMs, bytes = 0, passed = 0 } = await work(begun.batchNo);
    const writeMs = Math.round(performance.now() - started);
    await endBatch(worker, begun.batchNo, counts, { readMs, writeMs, bytes });
    worker.onBatch({
      entity: worker.entity.name,
      slice: worker.slice,
      range,
      counts,
      readMs,
      writeMs,
      memoryBytes: process.memoryUsage.rss(),
      bytes,
    });
    return { counts, stopped: false, passed };
  });
}
