/** Where the work on a slice goes on: behind its last committed batch. */
import type { Slice } from '../../domain/slice.ts';
import type { Worker } from './worker.ts';

export interface SliceCursor {
  readonly from: string | null;
  /** The last batch ended where the slice does. */
  readonly done: boolean;
}

export async function cursorOf({ target, checkpointId }: Worker, { slice, from, to }: Slice): Promise<SliceCursor> {
  const [last] = await target.rows<{ upper_bound: string | null }>(
    'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = $2 ORDER BY batch_no DESC LIMIT 1',
    [checkpointId, slice],
  );
  if (last === undefined) return { from, done: false };
  return { from: last.upper_bound, done: last.upper_bound === to };
}
