/**
 * Where a run goes on that was stopped, killed or out of time: the ranges that the last one did not come to are looked at
 * first, and those that it did once more after them, because both sides have been used since.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Slice } from '../../domain/slice.ts';
import type { Session } from '../session.ts';
import { CHANGES_ONLY, checkpointById } from './checkpoints.ts';
import type { Operation } from './operations.ts';
import { unprovenRanges } from './settle.ts';

/** The plan of an entity; as it was made, where the last run came to its end or was another's. */
export async function unfinishedFirst(
  target: Session,
  operation: Operation,
  entity: CompiledEntity,
  planned: readonly Slice[],
): Promise<readonly Slice[]> {
  if (planned.length === 0) return planned;
  const last = await target.maybeOne<{ id: string; status: string; mode: string }>(
    `SELECT c.id, c.status, c.mode FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
     WHERE c.entity_id = $1 AND o.operation_type = 'synchronization' AND o.operation_no < $2 AND c.map_hash = $3 ORDER BY o.operation_no DESC LIMIT 1`,
    [entity.entityId, operation.operationNo, operation.mapHash],
  );
  if (last === null || last.mode === CHANGES_ONLY || !['stopped', 'failed', 'superseded'].includes(last.status))
    return planned;
  const checkpoint = await checkpointById(target, last.id);
  const left = await unprovenRanges(target, checkpoint);
  const known = checkpoint.slices ?? [];
  if (known.length === 0 || left.length === 0) return planned;
  const done = known.flatMap(({ slice, from, to }) => {
    const rest = left.find((each) => each.slice === slice);
    if (rest === undefined) return [{ from, to }];
    return rest.from === from ? [] : [{ from, to: rest.from }];
  });
  if (done.length === 0) return planned;
  return [...left, ...done].map(({ from, to }, slice) => ({ slice, from, to }));
}
