/**
 * The last look of a synchronization at its own work: rows that it wrote are staged again and compared exactly, batch by
 * batch. A row that one of the sides changed meanwhile is the next run's; one that both left alone and that differs all the
 * same was changed by the target on its way in (a trigger, a type), and is a finding.
 */
import { transaction } from '../transactions.ts';
import { gather, judge } from '../sql/decide.ts';
import { recordDifferentials } from '../sql/record.ts';
import { createScratch, copyIn, emptyStage, work } from '../sql/scratch.ts';
import { copyOut } from '../sql/source.ts';
import { markDiffering, nextTouched, touchedKeys } from '../sql/touched.ts';
import { copyRows } from './copy-rows.ts';
import type { Worker } from './worker.ts';
import { pagesOf } from './most-keys.ts';

const WHOLE = { from: null, to: null };

export interface Compared {
  readonly rows: number;
  /** The batch that was compared last. */
  readonly after: string | null;
  readonly done: boolean;
  /** Legacy keys of rows that differ. */
  readonly differing: readonly string[];
}

/** Goes on after a batch of this operation, until all are compared or the time is up. */
export async function compareTouched(worker: Worker, after: string | null): Promise<Compared> {
  const { target, checkpointId } = worker;
  const differing: string[] = [];
  let rows = 0;
  let last = after;
  for (;;) {
    const batch = await target.maybeOne<{ batch_no: string }>(nextTouched, [checkpointId, last ?? '0']);
    if (batch === null) return { rows, after: last, done: true, differing };
    if (last === after) await target.run(createScratch(worker.entity));
    const keys = (
      await target.rows<{ key: string }>(touchedKeys(worker.entity, batch.batch_no, worker.operationNo))
    ).map((row) => row.key);
    for (const page of pagesOf(keys)) differing.push(...(await compareKeys(worker, batch.batch_no, page)));
    rows += keys.length;
    last = batch.batch_no;
    if (worker.timeIsUp()) return { rows, after: last, done: false, differing };
  }
}

async function compareKeys(worker: Worker, batchNo: string, keys: readonly string[]): Promise<readonly string[]> {
  const { source, target, entity, map, operationNo } = worker;
  await target.run(emptyStage(entity));
  await copyRows(source, copyOut(entity, { keys }), target, copyIn(entity));
  return transaction(target, async () => {
    await target.run(gather(entity, WHOLE, { map, mode: 'full', unmapped: false, final: true, dry: false }));
    await target.run(judge(entity, 'full', false));
    if ((await target.run(markDiffering(entity))) === 0) return [];
    await target.run(recordDifferentials(entity, { operationNo, batchNo }));
    const found = await target.rows<{ key: string }>(
      `SELECT w.k::text AS key FROM ${work(entity)} w WHERE w.action = 'altered' ORDER BY w.k`,
    );
    return found.map((row) => row.key);
  });
}
