/** The rows of an entity in a backup, divided among sessions that write them side by side. */
import { slicesFrom, type Slice } from '../../domain/slice.ts';
import type { Restoring } from './restore-batch.ts';

/** Rows that refer to others of their table come back in the order in which they stand in the file, parents first. */
const refersToItself = ({ references, worker }: Restoring): boolean => {
  const { schema, name } = worker.entity.target.relation;
  return references.some(({ key }) => key.schema === schema && key.table === name);
};

/** Ranges of row numbers, about equally many rows in each, and no fewer than a batch. */
export function restoreSlices(one: Restoring, lanes: number): readonly Slice[] {
  const parts = refersToItself(one) ? 1 : Math.max(1, Math.min(lanes, Math.floor(one.rows / one.worker.batchRows)));
  const size = Math.ceil(one.rows / parts);
  return slicesFrom(Array.from({ length: parts - 1 }, (_, i) => String((i + 1) * size)));
}
