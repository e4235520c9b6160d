/**
 * The last step of the descent: which rows of a range differ, by key and hash, before any row is moved. It pays where few of
 * many do, and where rows can be looked up by their keys afterwards; otherwise the range is read as it is.
 */
import { emptyStage } from '../sql/scratch.ts';
import { copyHashes } from '../sql/source.ts';
import type { KeyRange } from '../sql/range.ts';
import {
  copyHashesIn,
  countPassed,
  createChanged,
  emptyChanged,
  findChanged,
  nextChanged,
} from '../sql/changed-keys.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { copyRows, TooWide } from './copy-rows.ts';
import { stageRows } from './stage-rows.ts';
import { mostBytesOf, type RangeReader } from './work-range.ts';
import type { Worker } from './worker.ts';
import { MOST_KEYS } from './most-keys.ts';

/** Where each look-up reads the whole table there are never more than this many. */
const MOST_SCANS = 2;
/** Of rows that differ in such a share, reading all of them costs less. */
const DENSE = 1 / 3;

export interface ChangedRows {
  /** Looks at rows that differ, and passes by the others of a range. */
  readonly worker: Worker;
  readonly reader: RangeReader;
}

/** @returns null where every row of the range is better read: too many differ, or one of them cannot be evaluated */
export async function compareKeys(worker: Worker, range: KeyRange): Promise<ChangedRows | null> {
  const { source, target, entity } = worker;
  await target.run(createChanged(entity));
  await target.run(emptyChanged(entity));
  let seen: number;
  try {
    ({ rows: seen } = await copyRows(source, copyHashes(entity, range), target, copyHashesIn(entity)));
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
  const find = () => target.one<{ changed: string; present: string }>(findChanged(entity, range, worker.untouched));
  const found = await (worker.untouched && entity.order === 'integer' ? inOrder(target, find) : find());
  const changed = Number(found.changed);
  const lookUps = entity.order === 'integer' ? 0 : Math.ceil(changed / MOST_KEYS);
  if (changed > seen * DENSE || lookUps > MOST_SCANS) return null;
  const passed = async (part: KeyRange): Promise<number> =>
    part.from === range.from && part.to === range.to
      ? seen - Number(found.present)
      : Number((await target.one<{ rows: string }>(countPassed(entity, part))).rows);
  return { worker: { ...worker, passed }, reader: changedRows(worker) };
}

/**
 * Both come in the order of their keys: mappings by their index, rows as the source read them. The planner does not know it of
 * the rows, and would build a hash table (measured: 0.10 to 0.17 s of 250,000 rows, and 0.06 s by merging).
 */
async function inOrder<T>(target: Session, work: () => Promise<T>): Promise<T> {
  await target.run('SET enable_hashjoin = off');
  const result = await work();
  // Not after an error: a session that failed is given up.
  await target.run('RESET enable_hashjoin');
  return result;
}

/** Rows by the keys that were found. */
function changedRows(worker: Worker): RangeReader {
  const { target, entity } = worker;
  const keysOf = async (range: KeyRange, limit: number): Promise<readonly string[]> =>
    (await target.rows<{ key: string }>(nextChanged(entity, range, limit))).map((row) => row.key);
  return {
    byLimit: true,
    async stage(range, limit = Infinity) {
      await target.run(emptyStage(entity));
      const mostBytes = mostBytesOf(worker, limit);
      const staged = { to: range.to, rows: 0, bytes: 0, ms: 0 };
      let from = range.from;
      for (let left = limit; left > 0;) {
        const wanted = Math.min(left, MOST_KEYS);
        const keys = await keysOf({ from, to: range.to }, wanted);
        if (keys.length > 0) {
          const copied = await stageRows(worker, { keys }, { mostBytes });
          staged.rows += copied.rows;
          staged.bytes += copied.bytes;
          staged.ms += copied.ms;
        }
        if (keys.length < wanted) return staged;
        if (mostBytes !== undefined && staged.bytes > mostBytes) throw new TooWide(`${staged.bytes} bytes`);
        from = keys.at(-1) ?? null;
        left -= keys.length;
      }
      return { ...staged, to: from };
    },
    async firstKey(range) {
      const [key] = await keysOf(range, 1);
      if (key === undefined) throw new RangeError('no row of the range differs');
      return key;
    },
  };
}
