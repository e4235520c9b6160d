/**
 * One batch: the rows of a key range that stand in the staging table, decided and written in one transaction with their
 * mappings, bases, undo entries and the batch's own row, under the fence. Killed anywhere, nothing is there twice and
 * nothing is missing (DESIGN, decision 1).
 */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, addCounts, countsOf } from '../../domain/action-counts.ts';
import { decidesNothing } from '../../domain/settlement.ts';

import { readExclusiveKeys } from '../catalog/read-exclusive-keys.ts';
import type { BatchFacts } from '../sql/decide.ts';
import { findByIdentity, gather, judge, judgeAgain, lockRows, refuseReused, writeEqual } from '../sql/decide.ts';
import { reviveMarked } from '../sql/delete.ts';
import { leafHasRows } from '../sql/leaf.ts';
import { loadRows } from '../sql/load.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { lockForReplace } from '../sql/rings.ts';
import { clearLoaded, parkOne, recordDifferentials, setAsideOne, setAsideRows, unpark } from '../sql/record.ts';
import { stage } from '../sql/scratch.ts';
import { lockSettled, settle } from '../sql/settle.ts';
import { parkTaken, refuseTaken } from '../sql/taken.ts';
import { closeMappings } from '../sql/write.ts';

import type { Reason } from './reason.ts';
import type { Worker } from './worker.ts';
import { countActions, inBatch, type BatchOutcome } from './batch-frame.ts';
import { findVanished, listVanished } from './vanished.ts';
import { takenOf } from './taken.ts';
import { writeBatch, type LastLook } from './write-batch.ts';

const WHOLE = { from: null, to: null };

/** Decides on every staged row of the range and on every mapped row that the source lost (sql/decide.ts). */
async function decide(worker: Worker, range: KeyRange, facts: BatchFacts): Promise<void> {
  const { target, entity, mode } = worker;
  await target.run(gather(entity, range, facts));
  if (!facts.unmapped && mode !== 'missing-only' && !facts.final && !worker.changesOnly)
    await findVanished(worker, range);
  await classify(worker, facts.unmapped);
}

/** Looks for rows that are there already, locks what is concerned, and judges it. */
export async function classify(worker: Worker, unmapped: boolean): Promise<void> {
  const { target, entity, mode } = worker;
  if (!worker.fresh) for (const statement of findByIdentity(entity)) await target.run(statement);
  if (unmapped && worker.fresh) return;
  if (mode === 'differential') for (const statement of reviveMarked(entity)) await target.run(statement);
  if (mode !== 'differential') {
    if (!unmapped && mode === 'full') await target.run(refuseReused(entity));
    await target.run(judge(entity, mode, false));
    await target.run(judgeAgain(entity, worker.listed?.kind === 'force'));
  }
  await target.run(lockRows(entity, mode));
  await target.run(judge(entity, mode, false));
  if (worker.listed?.kind === 'force') await target.run(writeEqual(entity));
  await settleConflicts(worker);
}

/** Asks the strategies of the run about rows that both sides changed. */
async function settleConflicts({ target, entity, settlement }: Worker): Promise<void> {
  if (!settlement || decidesNothing(settlement)) return;
  await target.run(lockSettled(entity, settlement));
  await target.run(settle(entity, settlement));
}

interface Loaded {
  readonly written: number;
  readonly leftOut: boolean;
}

/** Writes all rows of the range that lack no parent, in one statement (sql/load.ts). */
async function load(worker: Worker, range: KeyRange | null, batchNo: string): Promise<Loaded> {
  const { entity, map, operationNo, loading } = worker;
  const sql = loadRows(entity, map, range, { operationNo, batchNo, joined: loading?.smallLeaves ?? new Set() });
  const { written, left_out: leftOut } = await worker.target.one<{ written: string; left_out: string }>(sql);
  return { written: Number(written), leftOut: leftOut === 'true' };
}

const loadedAction = (loaded: Loaded | null): ActionCount[] =>
  loaded === null ? [] : [{ action: 'insert', inSource: true, rows: loaded.written }];

export interface BatchOptions {
  /** What staging the rows took, for the batch's row. */
  readonly readMs: number;
  /** What they weighed, likewise. */
  readonly bytes?: number;
  /**
   * The staged rows are no range but a list of keys: what stands for the batch in the ledger, and rows that are parked no
   * longer. It is their last look of this run: what still waits for a parent is set aside.
   */
  readonly list?: {
    readonly label: string;
    readonly keys: readonly string[];
    /** Columns whose parents have their turn later: rows that lack one go on waiting. */
    readonly later: readonly string[];
  } & LastLook;
  /** The batch was refused for a value that another row has: rows that want such a value wait, and the others are written. */
  readonly apart?: boolean;
  /** The range is all that is staged. */
  readonly all?: boolean;
}

/**
 * Decides and writes the staged rows of a range.
 * @throws DataError when a row cannot be written: nothing of the batch is
 * @throws PortageError M011 when another worker owns the entity now
 */
export const runBatch = (
  worker: Worker,
  range: KeyRange,
  { readMs, bytes = 0, list, apart = false, all = false }: BatchOptions,
): Promise<BatchOutcome> =>
  inBatch(worker, list === undefined ? range : { from: list.label, to: null }, async (batchNo) => {
    const { target, entity } = worker;
    if (list?.replace !== undefined) await target.run(lockForReplace(entity));
    const mapped = await target.one<{ present: string }>(leafHasRows(entity, range));
    const loaded =
      mapped.present === 'false' && worker.fresh && entity.target.foreseeable && list === undefined && !apart
        ? await load(worker, all ? null : range, batchNo)
        : null;
    if (loaded?.leftOut === false) {
      await target.run('SET CONSTRAINTS ALL IMMEDIATE');
      await target.run(clearLoaded(entity, range));
      return { counts: countsOf(loaded.written, loadedAction(loaded)), readMs, bytes };
    }
    await decide(worker, range, {
      map: worker.map,
      mode: worker.mode,
      unmapped: mapped.present === 'false' && loaded === null,
      final: list !== undefined,
      later: list?.later ?? [],
      dry: false,
    });
    if (apart) for (const park of parkTaken(entity, await readExclusiveKeys(target, entity))) await target.run(park);
    const staged = await target.one<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${stage(entity)} g WHERE ${allOf(inRange(entity.order, 'g.k', range))}`,
    );
    const passed = list === undefined ? await passedIn(worker, range) : 0;
    const decided = await countActions(worker);
    const counts = addCounts(
      countsOf(passed + Number(staged.rows) - (loaded?.written ?? 0), decided),
      countsOf(loaded?.written ?? 0, loadedAction(loaded)),
    );
    // Rows that take values from each other are here together: checked when all of them are written.
    if (list !== undefined) await target.run('SET CONSTRAINTS ALL DEFERRED');
    await writeBatch(worker, batchNo, decided, list ?? null);
    if (list !== undefined) await target.run(unpark(entity), [list.keys]);
    // Deferred constraints would fail at COMMIT, where no row can be told from another (SEMANTICS 24).
    await target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { counts, readMs, bytes, passed };
  });

/** Rows of the range that are not staged because they are as they were. */
const passedIn = async ({ passed }: Worker, range: KeyRange): Promise<number> => (await passed?.(range)) ?? 0;

/**
 * Of listed rows that are staged those that cannot be written, because a row that keeps it has a value that they are to have:
 * set aside, all at once. Nothing else is written.
 */
export async function setAsideTaken(
  worker: Worker,
  list: { readonly label: string; readonly keys: readonly string[]; readonly later: readonly string[] },
): Promise<BatchOutcome & { readonly refused: ReadonlySet<string> }> {
  let refused: ReadonlySet<string> = new Set();
  const outcome = await inListBatch(worker, list.label, async (batchNo) => {
    const { target, entity, map, mode, operationNo } = worker;
    await decide(worker, WHOLE, { map, mode, unmapped: false, final: true, later: list.later, dry: false });
    const found = await takenOf(worker, list.keys);
    refused = new Set(found.keys());
    if (refused.size === 0) return NOTHING;
    const [mark, rest] = refuseTaken(entity);
    const refusals = [...found.values()];
    await target.run(mark, [[...found.keys()], refusals.map(({ why }) => why), refusals.map(({ columns }) => columns)]);
    await target.run(rest);
    await target.run(setAsideRows(entity, { operationNo, batchNo }));
    await target.run(unpark(entity), [[...refused]]);
    return { ...NOTHING, read: refused.size, setAside: refused.size };
  });
  return { ...outcome, refused };
}

/** A transaction on rows that are not read from the source: references that are set now, rows that cannot be. */
export const inListBatch = (
  worker: Worker,
  label: string,
  work: (batchNo: string) => Promise<RowCounts>,
): Promise<BatchOutcome> =>
  inBatch(worker, { from: label, to: null }, async (batchNo) => ({ counts: await work(batchNo), readMs: 0 }));

/** A batch of one row that cannot be written: set aside with its reason, or parked where another row may make room for it. */
export const setAsideRow = (worker: Worker, range: KeyRange, key: string, reason: Reason): Promise<BatchOutcome> =>
  inBatch(worker, range, async (batchNo) => {
    const { target, entity, operationNo } = worker;
    // The range ends with the row, and mapped rows before it may have gone from the source.
    if (worker.mode !== 'missing-only' && !worker.changesOnly) await findVanished(worker, range, key);
    const vanished = await countActions(worker);
    if (vanished.length > 0) {
      await target.run(recordDifferentials(entity, { operationNo, batchNo }));
      for (const statement of closeMappings(entity, { operationNo, batchNo })) await target.run(statement);
      await listVanished(worker);
    }
    if (reason.taken === true) await target.run(parkOne(entity, operationNo), [key, reason.text]);
    else await target.run(setAsideOne(entity, operationNo), [key, reason.code, reason.column, reason.text]);
    const passed = await passedIn(worker, range);
    const action = reason.taken === true ? 'park' : 'set_aside';
    return { counts: countsOf(1 + passed, [{ action, inSource: true, rows: 1 }, ...vanished]), readMs: 0, passed };
  });

/** Records a range in which both sides equal their bases: read, nothing to do. */
export const passRange = (worker: Worker, range: KeyRange, rows: number, readMs: number): Promise<BatchOutcome> =>
  inBatch(worker, range, () => Promise.resolve({ counts: countsOf(rows, []), readMs }));
