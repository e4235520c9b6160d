/**
 * Works through one slice, batch by batch, until it is done, the time is up, or somebody asks to stop. The cursor is in
 * the ledger: wherever a worker dies, the next one begins after the last committed batch.
 */
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import type { Slice } from '../../domain/slice.ts';
import { createScratch, emptyStage, stage, dropAmbiguous } from '../sql/scratch.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { leafHasRows } from '../sql/leaf.ts';
import { firstKey } from '../sql/source.ts';
import { batchEnd } from '../sql/batch-end.ts';
import { passRange, runBatch, setAsideRow } from './batch.ts';
import { compareRange } from './descent.ts';
import { TooWide } from './copy-rows.ts';
import { reasonOf } from './reason.ts';
import { sizing, type Sizing } from './sizing.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';

export interface SliceProgress {
  readonly rows: number;
  readonly done: boolean;
  readonly stopped: boolean;
}

/** How far a failing batch shrinks at a time: 5000 rows come down to the one bad row in five tries. */
const SHRINK = 8;

/** Where the slice's last committed batch ended; `done` when it ended where the slice does. */
async function cursorOf(
  worker: Worker,
  slice: Slice,
): Promise<{ readonly from: string | null; readonly done: boolean }> {
  const [last] = await worker.target.rows<{ upper_bound: string | null }>(
    'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = $2 ORDER BY batch_no DESC LIMIT 1',
    [worker.checkpointId, slice.slice],
  );
  if (last === undefined) return { from: slice.from, done: false };
  return { from: last.upper_bound, done: last.upper_bound === slice.to };
}

/** The ranges of the slice with something to do; a range that equals its bases on both sides is recorded and passed by. */
async function rangesToWork(
  worker: Worker,
  range: KeyRange,
  mapped: boolean,
): Promise<readonly (KeyRange & { equal: boolean; rows: number })[]> {
  if (worker.mode === 'differential' && mapped && !worker.changesOnly)
    return compareRange(worker, range, worker.batchRows);
  return [{ ...range, equal: false, rows: 0 }];
}

export async function workSlice(worker: Worker, slice: Slice): Promise<SliceProgress> {
  const start = await cursorOf(worker, slice);
  if (start.done) return { rows: 0, done: true, stopped: false };
  const rest = { from: start.from, to: slice.to };
  const mapped = (await worker.target.one<{ present: string }>(leafHasRows(worker.entity, rest))).present === 'true';
  let rows = 0;
  let scratch = false;
  const sizes = await sizing(worker);
  for (const range of await rangesToWork(worker, rest, mapped)) {
    if (!range.equal && !scratch)
      await worker.target.run(createScratch(worker.entity, { indexed: mapped || !worker.fresh }));
    scratch ||= !range.equal;
    const progress = range.equal ? await pass(worker, range) : await workRange(worker, range, sizes);
    rows += progress.rows;
    if (!progress.done || progress.stopped) return { ...progress, rows };
  }
  return { rows, done: true, stopped: false };
}

async function pass(worker: Worker, range: KeyRange & { rows: number }): Promise<SliceProgress> {
  const { stopped } = await passRange(worker, range, range.rows, 0);
  return { rows: range.rows, done: !stopped, stopped };
}

interface Staged {
  readonly to: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

/** A look of the source that weighs so many times what a batch may is given up, and fewer rows are asked for. */
const FAR_TOO_WIDE = 8;

/**
 * Stages the next rows of a range: as many as a batch takes where a unique index lets the source stop early, otherwise all
 * of them, since without it every look would sort the table again.
 */
async function stageNext(worker: Worker, range: KeyRange, limit: number | undefined): Promise<Staged> {
  const { target, entity, batchBytes } = worker;
  await target.run(emptyStage(entity));
  const mostBytes =
    batchBytes === undefined || limit === undefined || limit === 1 ? undefined : batchBytes * FAR_TOO_WIDE;
  const { ms, rows, bytes } = await stageRows(worker, { range, limit }, { mostBytes });
  if (!entity.keyIsUnique) await target.run(dropAmbiguous(entity));
  if (limit === undefined || rows < limit) return { to: range.to, rows, bytes, ms };
  const { last } = await target.one<{ last: string | null }>(`SELECT max(k) AS last FROM ${stage(entity)}`);
  return { to: last, rows, bytes, ms };
}

const isTimeout = (error: unknown): boolean => error instanceof PortageError && error.code === 'M002';

async function workRange(worker: Worker, range: KeyRange, sizes: Sizing): Promise<SliceProgress> {
  const byLimit = worker.entity.order === 'integer' && worker.entity.keyIsUnique;
  let reading: number | undefined = byLimit ? sizes.rows() : undefined;
  let from = range.from;
  let rows = 0;
  for (;;) {
    let staged: Staged;
    try {
      staged = await stageNext(worker, { from, to: range.to }, reading);
    } catch (error) {
      if (error instanceof TooWide && reading !== undefined && reading > 1) {
        reading = Math.max(1, Math.floor(reading / FAR_TOO_WIDE));
        continue;
      }
      if (isTimeout(error) && reading !== undefined && reading > 1) {
        reading = Math.floor(reading / 2);
        continue;
      }
      // An expression failed on some row, and the COPY does not say on which: read less, until the row stands alone.
      if (!(error instanceof DataError)) throw error;
      if (reading !== 1) {
        reading = Math.max(1, Math.floor((reading ?? sizes.rows()) / SHRINK));
        continue;
      }
      const passed = await passUnreadable(worker, { from, to: range.to }, error);
      if (passed.stopped) return { rows, done: false, stopped: true };
      from = passed.to;
      rows++;
      continue;
    }
    const written = await writeStaged(worker, { from, to: staged.to }, staged, sizes);
    rows += written.rows;
    if (!written.done || written.stopped) return { ...written, rows };
    if (staged.to === range.to) return { rows, done: true, stopped: false };
    from = staged.to;
    if (reading !== undefined) reading = Math.min(sizes.rows(), reading * SHRINK);
    if (worker.timeIsUp()) return { rows, done: false, stopped: false };
  }
}

async function passUnreadable(
  worker: Worker,
  range: KeyRange,
  error: DataError,
): Promise<{ to: string | null; stopped: boolean }> {
  const first = await worker.source.one<{ key: string }>(firstKey(worker.entity, range));
  const outcome = await setAsideRow(
    worker,
    { from: range.from, to: first.key },
    first.key,
    reasonOf(worker.entity, error),
  );
  return { to: outcome.repeatedTo === undefined ? first.key : outcome.repeatedTo, stopped: outcome.stopped };
}

/** Writes what is staged of a range in batches; one that a row keeps from being written shrinks until the row stands alone. */
async function writeStaged(worker: Worker, range: KeyRange, staged: Staged, sizes: Sizing): Promise<SliceProgress> {
  let size = Math.max(1, Math.min(sizes.rows(), staged.rows));
  let from = range.from;
  let rows = 0;
  const shareOf = (count: number): number => (staged.rows === 0 ? 1 : Math.min(1, count / staged.rows));
  for (let unreported = staged.ms; ; unreported = 0) {
    const began = performance.now();
    // What is staged is one batch as a rule: the rest of the range then needs no look.
    const whole = size >= staged.rows && staged.bytes <= (worker.batchBytes ?? Infinity);
    const to = whole ? range.to : await endOfBatch(worker, { from, to: range.to }, size, staged);
    let outcome;
    try {
      const bytes = Math.round(staged.bytes * (whole && from === range.from ? 1 : shareOf(size)));
      outcome = await runBatch(worker, { from, to }, { readMs: unreported, bytes });
    } catch (error) {
      const timedOut = isTimeout(error);
      if (!(error instanceof DataError) && !timedOut) throw error;
      const inBatch = await worker.target.rows<{ k: string }>(
        `SELECT g.k FROM ${stage(worker.entity)} g WHERE ${allOf(inRange(worker.entity.order, 'g.k', { from, to }))} ORDER BY g.k LIMIT 2`,
      );
      if (inBatch.length > 1) {
        size = Math.max(1, Math.floor(Math.min(size, worker.batchRows) / (timedOut ? 2 : SHRINK)));
        continue;
      }
      if (!(error instanceof DataError)) throw error;
      const key = inBatch[0]?.k;
      if (key === undefined) throw error; // no row of ours: a mapped row that the source lost
      outcome = await setAsideRow(worker, { from, to }, key, reasonOf(worker.entity, error));
    }
    if (outcome.stopped) return { rows, done: false, stopped: true };
    const { read } = outcome.counts;
    rows += read;
    const share = shareOf(read);
    sizes.measured({
      rows: read,
      bytes: staged.bytes * share,
      ms: staged.ms * share + performance.now() - began,
    });
    from = outcome.repeatedTo === undefined ? to : outcome.repeatedTo;
    if (from === range.to) return { rows, done: true, stopped: false };
    if (worker.timeIsUp()) return { rows, done: false, stopped: false };
    size = Math.min(sizes.rows(), size * SHRINK);
  }
}

/** Where the next batch of the staged rows ends: cut by bytes too where all of them weigh more than a batch may. */
async function endOfBatch(
  { target, entity, batchBytes }: Worker,
  rest: KeyRange,
  rows: number,
  staged: Staged,
): Promise<string | null> {
  const most = batchBytes !== undefined && staged.bytes > batchBytes ? batchBytes : null;
  const { last, more } = await target.one<{ last: string | null; more: string }>(
    batchEnd(entity, rest.from, rows, most),
  );
  return more === 'true' ? last : rest.to;
}
