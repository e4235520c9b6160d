/**
 * Takes back one transaction of an operation in one transaction of the rollback (docs/adr/0022): its undo entries are
 * gathered, the rows locked and judged, what still is as it was written is undone with its mapping, and the rest is listed.
 * Where the database refuses a row, that one is found and kept, and the others are taken back without it.
 */
import type { RowCounts } from '../../domain/action-counts.ts';
import { NOTHING } from '../../domain/action-counts.ts';
import { DataError } from '../pg-errors.ts';
import { stepDone, type NextStep } from '../ledger/rollback-steps.ts';
import { transaction } from '../transactions.ts';
import * as record from '../sql/undo-record.ts';
import { beginBatch, endBatch } from './batch-frame.ts';
import { findRefused } from './rollback-refused.ts';
import {
  countUndone,
  decideStep,
  isBusy,
  lockForManner,
  MANNERS,
  mayHelp,
  sessionOf,
  writeStep,
  type Manner,
  type Undoing,
} from './rollback-step.ts';

export interface StepOutcome {
  readonly rows: number;
  readonly stopped: boolean;
}

/** Takes the step back. @throws PortageError M011 when somebody else owns one of the entities now. */
export async function takeBack(
  group: readonly Undoing[],
  step: NextStep,
  operations: readonly number[],
): Promise<StepOutcome> {
  const target = sessionOf(group);
  let refusal: DataError | null = null;
  for (const manner of MANNERS) {
    if (!mayHelp(manner, refusal)) continue;
    try {
      return await transaction(target, () => undoStep(group, step, operations, manner));
    } catch (error) {
      if (isBusy(manner, error)) continue;
      if (!(error instanceof DataError)) throw error;
      refusal ??= error;
    }
  }
  // No way of writing all of them: those that the database refuses are found, and listed for the next try.
  await findRefused(group, step, refusal);
  return takeBack(group, step, operations);
}

async function undoStep(
  group: readonly Undoing[],
  step: NextStep,
  operations: readonly number[],
  manner: Manner,
): Promise<StepOutcome> {
  const started = performance.now();
  const target = sessionOf(group);
  const batches: string[] = [];
  await lockForManner(group, manner);
  for (const { worker } of group) {
    const begun = await beginBatch(worker, { from: `step ${String(step.position).padStart(9, '0')}`, to: null });
    if (begun.stopped) return { rows: 0, stopped: true };
    // Another worker has committed this step.
    if (begun.repeated) return { rows: 0, stopped: false };
    batches.push(begun.batchNo);
  }
  await decideStep(group, step);
  const counted: RowCounts[] = [];
  for (const { worker } of group) counted.push(await countUndone(worker, operations));
  await writeStep(group, batches, manner);
  let rows = 0;
  for (const [i, { worker, relation, rest, facts }] of group.entries()) {
    const counts = counted[i] ?? NOTHING;
    if (counts.kept > 0) await target.run(record.nameDiffering(worker.entity, relation, rest));
    if (counts.kept > 0) await target.run(record.keepRows(worker.entity, facts));
    const timing = { readMs: 0, writeMs: Math.round(performance.now() - started) };
    await endBatch(worker, batches[i] ?? '', counts, timing);
    const range = { from: null, to: null };
    worker.onBatch({
      entity: worker.entity.name,
      slice: worker.slice,
      range,
      counts,
      ...timing,
      memoryBytes: process.memoryUsage.rss(),
      bytes: 0,
    });
    rows += counts.read;
  }
  const [{ worker, facts }] = group as [Undoing];
  await stepDone(target, facts.rollbackNo, worker.slice, step.position);
  return { rows, stopped: false };
}
