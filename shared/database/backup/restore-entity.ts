/**
 * Works through rows of an entity in a backup, batch by batch, until they are at their end, the time is up, or somebody asks
 * to stop. A slice is a range of the rows' numbers, and its cursor is in the ledger: whoever goes on begins to read at the
 * block that it falls into.
 */
import { PortageError } from '../../domain/errors.ts';
import { passRange } from '../engine/batch.ts';
import { reasonOf } from '../engine/reason.ts';
import { cursorOf } from '../engine/slice-cursor.ts';
import type { SliceProgress } from '../engine/slice.ts';
import type { Slice } from '../../domain/slice.ts';
import { DataError } from '../pg-errors.ts';
import { createRestoreScratch, stagedKeys } from '../sql/restore.ts';
import { durableAtEnd } from '../transactions.ts';
import type { Place } from './events.ts';
import { passRow, restoreRange, type Restoring } from './restore-batch.ts';
import { stageRows, type NumberedRow } from './stage-rows.ts';

/** How far a failing batch shrinks at a time. */
const SHRINK = 8;
/** A batch is also bounded by what its rows hold. */
const BATCH_BYTES = 8 << 20;

/** The last place at or before a row. */
const placeFor = (places: readonly Place[], row: number): Place | undefined =>
  places.findLast((place) => place.row <= row);

/** Rows with their numbers from 1: those after the first `done`, and none after `to`. */
export async function* numberedRows(one: Restoring, done: number, to = one.rows): AsyncGenerator<NumberedRow> {
  const place = placeFor(one.places, done);
  if (place === undefined) return;
  let number = place.row;
  for await (const rows of one.read(place))
    for (const row of rows) {
      number++;
      if (number > to) return;
      if (number > done) yield { number, row };
    }
}

/** The same in batches, each of which is read to its end before the next one is asked for: no batch stands in memory. */
export async function* batchesOf(
  one: Restoring,
  done: number,
  to = one.rows,
): AsyncGenerator<AsyncIterable<NumberedRow>> {
  const rows = numberedRows(one, done, to);
  let ahead = await rows.next();
  async function* batch(): AsyncGenerator<NumberedRow> {
    let bytes = 0;
    for (let count = 0; ahead.done !== true && count < one.worker.batchRows && bytes < BATCH_BYTES; count++) {
      const row = ahead.value;
      yield row;
      bytes += row.row.to - row.row.from;
      ahead = await rows.next();
    }
  }
  try {
    while (ahead.done !== true) yield batch();
  } finally {
    await rows.return(undefined);
  }
}

/**
 * Works through a slice. Its batches do not wait for the disk, each one for itself; what is answered is durable
 * (docs/adr/0050).
 * @param one with the session and the number of the slice in its worker
 */
export const workSlice = (one: Restoring, slice: Slice): Promise<SliceProgress> =>
  durableAtEnd(one.worker.target, () => workRows(one, slice));

async function workRows(one: Restoring, slice: Slice): Promise<SliceProgress> {
  const { worker } = one;
  const start = await cursorOf(worker, slice);
  if (start.done) return { rows: 0, done: true, stopped: false };
  if (one.rows === 0) {
    const { stopped } = await passRange(worker, { from: null, to: null }, 0, 0);
    return { rows: 0, done: !stopped, stopped };
  }
  await worker.target.run(createRestoreScratch(worker.entity));
  const end = Number(slice.to ?? one.rows);
  let rows = 0;
  let at = Number(start.from ?? 0);
  for await (const batch of batchesOf(one, at, end)) {
    const last = (await stageRows(worker.target, worker.entity, batch, one.comparable)) ?? at;
    const written = await writeStaged(one, at, last);
    rows += written.rows;
    if (!written.done || written.stopped) return { ...written, rows };
    at = last;
    if (at < end && worker.timeIsUp()) return { rows, done: false, stopped: false };
  }
  if (at < end)
    throw new PortageError('M020', `the rows of ${worker.entity.name} end before their count`, {
      got: `${at} rows`,
      expected: `${end}`,
      where: worker.entity.name,
    });
  return { rows, done: true, stopped: false };
}

/** Writes what is staged; what a row keeps from being written shrinks until the row stands alone. */
async function writeStaged(one: Restoring, from: number, to: number): Promise<SliceProgress> {
  const { worker } = one;
  let at = from;
  let rows = 0;
  for (let size = to - from; at < to;) {
    const end = Math.min(to, at + size);
    let outcome;
    try {
      outcome = await restoreRange(one, { from: at, to: end });
    } catch (error) {
      const timedOut = error instanceof PortageError && error.code === 'M002';
      if (!(error instanceof DataError) && !timedOut) throw error;
      if (end - at > 1) {
        size = Math.max(1, Math.floor((end - at) / (timedOut ? 2 : SHRINK)));
        continue;
      }
      if (!(error instanceof DataError)) throw error;
      const { k } = await worker.target.one<{ k: string }>(stagedKeys(worker.entity, { from: at, to: end }));
      const bounds = { from: at === 0 ? null : String(at), to: end >= one.rows ? null : String(end) };
      const { taken, text } = reasonOf(worker.entity, error);
      outcome = await passRow(worker, bounds, k, { taken: taken === true, text });
    }
    if (outcome.stopped) return { rows, done: false, stopped: true };
    rows += outcome.counts.read;
    at = outcome.repeatedTo === undefined ? end : Number(outcome.repeatedTo ?? one.rows);
    size = Math.min(to - from, size * SHRINK);
  }
  return { rows, done: true, stopped: false };
}
