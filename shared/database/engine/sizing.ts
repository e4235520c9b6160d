/** The size of the next batch of a slice: what its batches so far have taught (domain/batch-size.ts), also those before a pause. */
import { firstSize, nextSize, TARGET_MS, type BatchBounds, type BatchMeasure } from '../../domain/batch-size.ts';
import type { Worker } from './worker.ts';

export interface Sizing {
  rows(): number;
  measured(batch: BatchMeasure): void;
}

/** A batch that is steered may become as large as anybody may ask for. */
const MOST_STEERED = 100_000;
/** What is older weighs nothing any more. */
const REMEMBERED = 12;

const boundsOf = ({ batchRows, batchBytes, steered = false }: Worker): BatchBounds => ({
  startRows: batchRows,
  mostRows: steered ? Math.max(batchRows, MOST_STEERED) : batchRows,
  mostBytes: batchBytes ?? Infinity,
  targetMs: steered ? TARGET_MS : null,
});

/** A worker that takes a slice up again knows what the ledger knows of its last batches. */
async function history({ target, checkpointId, slice }: Worker): Promise<readonly BatchMeasure[]> {
  const rows = await target.rows<{ rows_read: string; bytes_read: string; ms: string }>(
    `SELECT rows_read, bytes_read, read_ms + write_ms AS ms FROM portage.migration_batches
     WHERE checkpoint_id = $1 AND slice = $2 AND rows_read > 0 AND bytes_read > 0 ORDER BY batch_no DESC LIMIT ${REMEMBERED}`,
    [checkpointId, slice],
  );
  return rows
    .map((row) => ({ rows: Number(row.rows_read), bytes: Number(row.bytes_read), ms: Number(row.ms) }))
    .reverse();
}

export async function sizing(worker: Worker): Promise<Sizing> {
  const bounds = boundsOf(worker);
  let size = firstSize(bounds, worker.entity.source.estimatedWidth);
  const learn = (batch: BatchMeasure): void => {
    size = nextSize(size, batch, bounds);
  };
  if (worker.steered === true) for (const batch of await history(worker)) learn(batch);
  return { rows: () => size.rows, measured: learn };
}
