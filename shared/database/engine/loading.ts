/** How a slice of new rows finds their parents' keys: one by one, or by reading all of the parent's mappings beside the batch. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import type { Loading, Worker } from './worker.ts';

/**
 * A look-up by index costs what reading some twenty mappings does (measured: 4.8 us against 0.25). Fewer here, because the
 * mappings read have to fit in `work_mem`.
 */
const MAPPINGS_A_ROW = 12;
/** What a mapping weighs in its table, at least (measured: 112 with three column bases). */
const MAPPING_BYTES = 100;

/** Parents whose turn was before: the leaf of one that is being filled says nothing of how large it will be. */
const filledParents = (entity: CompiledEntity): readonly { readonly parent: string; readonly leaf: string }[] =>
  entity.references.flatMap(({ parent, parentLeaf, cut }) =>
    parentLeaf === null || parentLeaf === entity.leaf || cut ? [] : [{ parent, leaf: parentLeaf }],
  );

async function mappingBytes(target: Session, leaves: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const list = [...new Set(leaves)];
  if (list.length === 0) return new Map();
  const rows = await target.rows<{ leaf: string; bytes: string }>(
    `SELECT l.leaf, pg_relation_size(l.leaf::regclass) AS bytes FROM (VALUES ${list.map((leaf) => `(${quoteLiteral(leaf)})`).join(', ')}) AS l (leaf)`,
  );
  return new Map(rows.map(({ leaf, bytes }) => [leaf, Number(bytes)]));
}

export async function loadingOf({ target, entity, batchRows }: Worker): Promise<Loading> {
  const parents = filledParents(entity);
  const bytes = await mappingBytes(
    target,
    parents.map(({ leaf }) => leaf),
  );
  const few = batchRows * MAPPINGS_A_ROW * MAPPING_BYTES;
  return {
    smallParents: new Set(
      parents.flatMap(({ parent, leaf }) => ((bytes.get(leaf) ?? Infinity) <= few ? [parent] : [])),
    ),
  };
}
