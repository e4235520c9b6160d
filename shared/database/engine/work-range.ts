/**
 * Works through one range, batch by batch: rows are staged as they come, or by the keys that were found to differ, and what is
 * staged is written. What fails is made smaller until the row stands alone that is at fault, and goes by itself.
 */
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import { batchEnd } from '../sql/batch-end.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { dropAmbiguous, emptyStage, stage } from '../sql/scratch.ts';
import { firstKey, isDerivedBySource } from '../sql/source.ts';
import { runBatch, setAsideRow } from './batch.ts';
import { TooWide } from './copy-rows.ts';
import { reasonFor } from './blame.ts';
import { isTaken } from './reason.ts';
import type { Sizing } from './sizing.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';

export interface SliceProgress {
  readonly rows: number;
  readonly done: boolean;
  readonly stopped: boolean;
}

/** What stands in the stage of a range. */
export interface Staged {
  /** Up to where it was read. */
  readonly to: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

/** How the rows of a range come into the stage. */
export interface RangeReader {
  /** Fewer rows can be asked for without looking at all of them each time. */
  readonly byLimit: boolean;
  /** Stages the next rows of the range, at most so many. */
  readonly stage: (range: KeyRange, limit: number | undefined) => Promise<Staged>;
  /** The key that stands first in the range. */
  readonly firstKey: (range: KeyRange) => Promise<string>;
}

/** How far a failing batch shrinks at a time: 5000 rows come down to the one bad row in five tries. */
const SHRINK = 8;
/** A look of the source that weighs so many times what a batch may is given up, and fewer rows are asked for. */
const FAR_TOO_WIDE = 8;

/** What a look may weigh; of one row it is never too much. */
export const mostBytesOf = ({ batchBytes }: Worker, limit: number | undefined): number | undefined =>
  batchBytes === undefined || limit === undefined || limit === 1 ? undefined : batchBytes * FAR_TOO_WIDE;

/**
 * Every row of the range: as many as a batch takes where a unique index lets the source stop early, otherwise all of them,
 * since without it every look would sort the table again.
 */
export function allRows(worker: Worker): RangeReader {
  const { source, target, entity } = worker;
  const deriveFor = worker.loading && isDerivedBySource(entity) ? worker.map : undefined;
  return {
    byLimit: entity.order === 'integer' && entity.keyIsUnique,
    async stage(range, limit) {
      await target.run(emptyStage(entity));
      const { ms, rows, bytes } = await stageRows(
        worker,
        { range, limit },
        { mostBytes: mostBytesOf(worker, limit), deriveFor },
      );
      if (!entity.keyIsUnique) await target.run(dropAmbiguous(entity));
      if (limit === undefined || rows < limit) return { to: range.to, rows, bytes, ms };
      const { last } = await target.one<{ last: string | null }>(`SELECT max(k) AS last FROM ${stage(entity)}`);
      return { to: last, rows, bytes, ms };
    },
    firstKey: async (range) => (await source.one<{ key: string }>(firstKey(entity, range))).key,
  };
}

const isTimeout = (error: unknown): boolean => error instanceof PortageError && error.code === 'M002';

export async function workRange(
  worker: Worker,
  range: KeyRange,
  sizes: Sizing,
  reader: RangeReader,
): Promise<SliceProgress> {
  let reading: number | undefined = reader.byLimit ? sizes.rows() : undefined;
  let from = range.from;
  let rows = 0;
  for (;;) {
    let staged: Staged;
    try {
      staged = await reader.stage({ from, to: range.to }, reading);
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
      const passed = await passUnreadable(worker, from, await reader.firstKey({ from, to: range.to }), error);
      if (passed.stopped) return { rows, done: false, stopped: true };
      from = passed.to;
      rows++;
      continue;
    }
    const written = await writeStaged(worker, { from, to: staged.to }, staged, sizes);
    rows += written.rows;
    if (!written.done || written.stopped) return { ...written, rows };
    if (staged.to === range.to) return { rows, done: true, stopped: false };
    if (staged.to === from) throw standsStill(worker, { from, to: range.to });
    from = staged.to;
    if (reading !== undefined) reading = Math.min(sizes.rows(), reading * SHRINK);
    if (worker.timeIsUp()) return { rows, done: false, stopped: false };
  }
}

/** A server that orders keys otherwise than it compares them would have the same rows read for ever. */
const standsStill = ({ entity }: Worker, { from, to }: KeyRange): PortageError =>
  new PortageError('M009', `the range of ${entity.name} is read and does not get shorter`, {
    got: `the last key read is ${from ?? 'none'}, as before`,
    expected: `a key after it, up to ${to ?? 'the end'}`,
    where: entity.name,
  });

async function passUnreadable(
  worker: Worker,
  from: string | null,
  key: string,
  error: DataError,
): Promise<{ to: string | null; stopped: boolean }> {
  const outcome = await setAsideRow(worker, { from, to: key }, key, await reasonFor(worker, key, error));
  return { to: outcome.repeatedTo === undefined ? key : outcome.repeatedTo, stopped: outcome.stopped };
}

/** Writes what is staged of a range in batches; one that a row keeps from being written shrinks until the row stands alone. */
async function writeStaged(worker: Worker, range: KeyRange, staged: Staged, sizes: Sizing): Promise<SliceProgress> {
  let size = Math.max(1, Math.min(sizes.rows(), staged.rows));
  let from = range.from;
  let rows = 0;
  let apart = false;
  let writer = worker;
  const shareOf = (count: number): number => (staged.rows === 0 ? 1 : Math.min(1, count / staged.rows));
  for (let unreported = staged.ms; ; unreported = 0) {
    const began = performance.now();
    // What is staged is one batch as a rule: the rest of the range then needs no look.
    const whole = size >= staged.rows && staged.bytes <= (worker.batchBytes ?? Infinity);
    const to = whole ? range.to : await endOfBatch(worker, { from, to: range.to }, size, staged);
    let outcome;
    try {
      const all = whole && from === range.from;
      const bytes = Math.round(staged.bytes * (all ? 1 : shareOf(size)));
      outcome = await runBatch(writer, { from, to }, { readMs: unreported, bytes, apart, all });
    } catch (error) {
      const timedOut = isTimeout(error);
      if (!(error instanceof DataError) && !timedOut) throw error;
      // When the entity was planned nobody had such a row: whoever inserted it since is found by its identity.
      if (writer.fresh && isTaken(error)) {
        writer = { ...writer, fresh: false };
        continue;
      }
      const inBatch = await worker.target.rows<{ k: string }>(
        `SELECT g.k FROM ${stage(worker.entity)} g WHERE ${allOf(inRange(worker.entity.order, 'g.k', { from, to }))} ORDER BY g.k LIMIT 2`,
      );
      // Rows that want what another has are told by one statement; only what is refused for more is taken apart.
      if (inBatch.length > 1 && !apart && isTaken(error)) {
        apart = true;
        continue;
      }
      apart = false;
      if (inBatch.length > 1) {
        size = Math.max(1, Math.floor(Math.min(size, worker.batchRows) / (timedOut ? 2 : SHRINK)));
        continue;
      }
      if (!(error instanceof DataError)) throw error;
      const key = inBatch[0]?.k;
      if (key === undefined) throw error; // no row of ours: a mapped row that the source lost
      outcome = await setAsideRow(worker, { from, to }, key, await reasonFor(worker, key, error));
    }
    if (outcome.stopped) return { rows, done: false, stopped: true };
    apart = false;
    const { read } = outcome.counts;
    rows += read;
    const written = read - (outcome.passed ?? 0);
    const share = shareOf(written);
    sizes.measured({
      rows: written,
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
