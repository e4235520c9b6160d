/** How a slice of new rows finds their parents' keys: one by one, or by reading all of the parent's mappings beside the batch. */
import type { Loading, Worker } from './worker.ts';

/**
 * A look-up by index costs what reading some twenty mappings does (measured: 4.8 us against 0.25). Fewer here, because the
 * mappings read have to fit in `work_mem`.
 */
const MAPPINGS_A_ROW = 12;
/** What a mapping weighs in its table, at least (measured: 112 with three column bases). */
const MAPPING_BYTES = 100;

export async function loadingOf({ target, entity, batchRows }: Worker): Promise<Loading> {
  // Parents whose turn was before: the leaf of one that is being filled says nothing of how large it will be.
  const filled = entity.references.flatMap(({ parentLeaf, cut }) =>
    parentLeaf === null || parentLeaf === entity.leaf || cut ? [] : [parentLeaf],
  );
  if (filled.length === 0) return { smallLeaves: new Set() };
  const small = await target.rows<{ leaf: string }>(
    'SELECT l.leaf FROM unnest($1::text[]) AS l (leaf) WHERE pg_relation_size(l.leaf::regclass) <= $2::bigint',
    [filled, batchRows * MAPPINGS_A_ROW * MAPPING_BYTES],
  );
  return { smallLeaves: new Set(small.map(({ leaf }) => leaf)) };
}
