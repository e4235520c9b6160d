/**
 * Works through one slice, batch by batch, until it is done, the time is up, or somebody asks to stop. The cursor is in
 * the ledger: wherever a worker dies, the next one begins after the last committed batch.
 */
import type { Slice } from '../../domain/slice.ts';
import { durableAtEnd } from '../transactions.ts';
import { createScratch } from '../sql/scratch.ts';
import type { KeyRange } from '../sql/range.ts';
import { leafHasRows } from '../sql/leaf.ts';
import { passRange } from './batch.ts';
import { compareKeys } from './changed-keys.ts';
import { compareSlice, type ComparedRange } from './descent.ts';
import { loadingOf } from './loading.ts';
import { cursorOf } from './slice-cursor.ts';
import { sizing, type Sizing } from './sizing.ts';
import { allRows, workRange, type SliceProgress } from './work-range.ts';
import type { Worker } from './worker.ts';

export type { SliceProgress } from './work-range.ts';

/** The ranges of the slice with something to do; a range that equals its bases on both sides is recorded and passed by. */
const rangesToWork = async (worker: Worker, range: KeyRange, compared: boolean): Promise<readonly ComparedRange[]> =>
  compared ? compareSlice(worker, range, worker.batchRows) : [{ ...range, equal: false, rows: 0 }];

/**
 * Works through the slice. Its batches do not wait for the disk, each one for itself: what a crash of the server takes away
 * of them it takes from the cursor too. What is answered is durable (docs/adr/0050).
 */
export const workSlice = (worker: Worker, slice: Slice): Promise<SliceProgress> =>
  durableAtEnd(worker.target, () => workRanges(worker, slice));

async function workRanges(worker: Worker, slice: Slice): Promise<SliceProgress> {
  const start = await cursorOf(worker, slice);
  if (start.done) return { rows: 0, done: true, stopped: false };
  const rest = { from: start.from, to: slice.to };
  const mapped = (await worker.target.one<{ present: string }>(leafHasRows(worker.entity, rest))).present === 'true';
  const compared = worker.mode === 'differential' && mapped && worker.changesOnly !== true;
  let rows = 0;
  let scratch = false;
  const loading = !mapped && worker.fresh && worker.entity.target.foreseeable ? await loadingOf(worker) : null;
  const differing = differingRows({ ...worker, loading }, await sizing(worker), compared);
  for (const range of await rangesToWork(worker, rest, compared)) {
    if (!range.equal && !scratch)
      await worker.target.run(createScratch(worker.entity, { indexed: mapped || !worker.fresh }));
    scratch ||= !range.equal;
    const progress = range.equal ? await pass(worker, range) : await differing(range);
    rows += progress.rows;
    if (!progress.done || progress.stopped) return { ...progress, rows };
  }
  return { rows, done: true, stopped: false };
}

/** Works through ranges that differ: by key as long as that pays, once it did not, row by row. */
function differingRows(worker: Worker, sizes: Sizing, compared: boolean) {
  let byKey = compared && worker.entity.keyIsUnique;
  return async (range: KeyRange): Promise<SliceProgress> => {
    const changed = byKey ? await compareKeys(worker, range) : null;
    byKey = changed !== null;
    return changed === null
      ? workRange(worker, range, sizes, allRows(worker))
      : workRange(changed.worker, range, sizes, changed.reader);
  };
}

async function pass(worker: Worker, range: ComparedRange): Promise<SliceProgress> {
  const { stopped } = await passRange(worker, range, range.rows, 0);
  return { rows: range.rows, done: !stopped, stopped };
}
