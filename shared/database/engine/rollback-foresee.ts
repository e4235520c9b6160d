/** One transaction of an operation, taken back in thought: decided as in a real run, and noted instead of written. */
import type { RowCounts } from '../../domain/action-counts.ts';
import { emptyUndo, FORESEEN, foresee } from '../sql/undo-foresee.ts';
import { keepRows, nameDiffering } from '../sql/undo-record.ts';
import { countUndone, decideStep, type Undoing } from './rollback-step.ts';

/** @param all every entity of the rollback @returns counts by entity */
export async function foreseeStep(
  group: readonly Undoing[],
  batches: readonly string[],
  operations: readonly number[],
  all: readonly Undoing[],
): Promise<(readonly [string, RowCounts])[]> {
  await decideStep(group, { batches }, FORESEEN, all);
  const counted: (readonly [string, RowCounts])[] = [];
  for (const { worker, relation, rest, facts } of group) {
    const { entity, target } = worker;
    const counts = await countUndone(worker, operations, FORESEEN);
    if (counts.kept > 0) await target.run(nameDiffering(entity, relation, rest, FORESEEN));
    if (counts.kept > 0) await target.run(keepRows(entity, facts, FORESEEN));
    counted.push([entity.name, counts]);
  }
  for (const { worker } of group) await worker.target.run(foresee(worker.entity));
  for (const { worker } of group) await worker.target.run(emptyUndo(worker.entity));
  return counted;
}
