/**
 * One batch: the rows of a key range that stand in the staging table, decided and written in one transaction with their
 * mappings, bases, undo entries and the batch's own row, under the fence. Killed anywhere, nothing is there twice and
 * nothing is missing (DESIGN, decision 1).
 */
import type { ActionCount, RowCounts } from '../../domain/action-counts.ts';
import { NOTHING, addCounts, countsOf } from '../../domain/action-counts.ts';
import { PortageError } from '../../domain/errors.ts';
import { transaction } from '../session.ts';
import type { BatchFacts } from '../sql/decide.ts';
import { findByIdentity, gather, gatherVanished, judge, judgeAgain, lockRows } from '../sql/decide.ts';
import { leafHasRows } from '../sql/leaf.ts';
import { loadRows } from '../sql/load.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { FINDING_ACTIONS, actionCounts, clearLoaded, clearWritten, closeByFull, parkOne, parkRows, recordDifferentials, setAsideOne, setAsideRows, unpark } from '../sql/record.ts';
import { stage, work } from '../sql/scratch.ts';
import type { RowWrite, WriteFacts } from '../sql/write.ts';
import { adoptRows, closeMappings, dropPendingReferences, insertForeseen, insertRows, keepBefore, keepPendingReferences, mapInserts, mapUpdates, moveKeys, rebaseRows, releaseUnique, takeReturned, updateRows } from '../sql/write.ts';
import { DataError } from '../pg-errors.ts';
import type { Reason } from './reason.ts';
import type { Worker } from './worker.ts';

export interface BatchOutcome {
  readonly counts: RowCounts;
  /** Somebody asked the operation to stop: this batch was not begun. */
  readonly stopped: boolean;
  /** Another worker had committed this batch: where it ended. */
  readonly repeatedTo?: string | null;
}

interface Begun {
  readonly batchNo: string;
  readonly stopped: boolean;
  readonly repeated: { readonly to: string | null } | null;
}

/** Fence, stop flag and the batch's own row, which decides between two workers on the same range (SEMANTICS 19, 20). */
export async function beginBatch(worker: Worker, range: KeyRange): Promise<Begun> {
  const { target } = worker;
  const held = await target.maybeOne<{ fence: string; stop: string }>(
    `SELECT f.fence, (SELECT (o.stop_requested_at IS NOT NULL)::text FROM portage.operations o WHERE o.operation_no = $2) AS stop,
       set_config('portage.operation', $3, true) FROM portage.fences f WHERE f.entity_id = $1 FOR KEY SHARE OF f`,
    [worker.entity.entityId, worker.operationNo, worker.operationId],
  );
  if (Number(held?.fence) !== worker.fence) {
    throw new PortageError('M011', `another worker has taken over ${worker.entity.name}`, { got: `fence ${worker.fence}`, expected: `fence ${held?.fence ?? 'none'}`, where: worker.entity.name });
  }
  if (held?.stop === 'true') return { batchNo: '', stopped: true, repeated: null };
  const row = await target.maybeOne<{ batch_no: string }>(
    `INSERT INTO portage.migration_batches (checkpoint_id, slice, lower_bound, upper_bound, fence, rows_read, inserted, updated, unchanged, deleted, adopted, kept, conflicts, parked, set_aside, read_ms, write_ms, memory_bytes)
     VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING RETURNING batch_no`,
    [worker.checkpointId, worker.slice, range.from, range.to, worker.fence],
  );
  if (row) return { batchNo: row.batch_no, stopped: false, repeated: null };
  const stored = await target.one<{ upper_bound: string | null }>(
    'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = $2 AND lower_bound IS NOT DISTINCT FROM $3',
    [worker.checkpointId, worker.slice, range.from],
  );
  return { batchNo: '', stopped: false, repeated: { to: stored.upper_bound } };
}

export async function endBatch(worker: Worker, batchNo: string, counts: RowCounts, timing: { readMs: number; writeMs: number }): Promise<void> {
  await worker.target.run(
    `WITH beat AS (UPDATE portage.workers SET heartbeat_at = clock_timestamp() WHERE checkpoint_id = $15 AND slice = $16)
     UPDATE portage.migration_batches SET rows_read = $2, inserted = $3, updated = $4, unchanged = $5, deleted = $6, adopted = $7, kept = $8, conflicts = $9, parked = $10, set_aside = $11,
       read_ms = $12, write_ms = $13, memory_bytes = $14, committed_at = clock_timestamp() WHERE batch_no = $1`,
    [batchNo, counts.read, counts.inserted, counts.updated, counts.unchanged, counts.deleted, counts.adopted, counts.kept, counts.conflicts, counts.parked, counts.setAside,
      timing.readMs, timing.writeMs, process.memoryUsage.rss(), worker.checkpointId, worker.slice],
  );
}

export async function countActions(worker: Worker, range?: KeyRange): Promise<ActionCount[]> {
  const rows = await worker.target.rows<{ action: string; in_source: string; rows: string; waiting: string }>(actionCounts(worker.entity, range));
  return rows.map((row) => ({ action: row.action, inSource: row.in_source === 'true', rows: Number(row.rows), waiting: Number(row.waiting) }));
}

/** Decides on every staged row of the range and on every mapped row that the source lost (sql/decide.ts). */
async function decide(worker: Worker, range: KeyRange, facts: BatchFacts): Promise<void> {
  const { target, entity, mode } = worker;
  await target.run(gather(entity, range, facts));
  if (!facts.unmapped && mode !== 'missing-only' && !facts.final) await target.run(gatherVanished(entity, range, worker.operationNo));
  await classify(worker, facts.unmapped);
}

/** Looks for rows that are there already, locks what is concerned, and judges it. */
export async function classify(worker: Worker, unmapped: boolean): Promise<void> {
  const { target, entity, mode } = worker;
  if (!worker.fresh) for (const statement of findByIdentity(entity)) await target.run(statement);
  if (unmapped && worker.fresh) return;
  if (mode !== 'differential') {
    await target.run(judge(entity, mode, false));
    await target.run(judgeAgain(entity));
  }
  await target.run(lockRows(entity, mode));
  await target.run(judge(entity, mode, false));
}

/**
 * Writes the rows of an action. What the database returned is compared with what was foreseen; a row that a trigger
 * suppressed counts as one that cannot be written.
 */
async function writeRows(worker: Worker, facts: WriteFacts, action: RowWrite, lastLook = false): Promise<void> {
  const { target, entity } = worker;
  const run = (sql: string): Promise<Record<string, string | null>> => target.one(sql);
  let foreseen: Record<string, string | null>;
  let returned: Record<string, string | null>;
  if (action === 'update') {
    await target.run(keepBefore(entity, facts));
    const release = lastLook ? releaseUnique(entity) : null;
    if (release !== null) await target.run(release);
    returned = await run(updateRows(entity));
    foreseen = await run(mapUpdates(entity));
    const moved = moveKeys(entity);
    if (moved !== null) await target.run(moved);
  } else {
    foreseen = await run(mapInserts(entity, facts, action));
    if (entity.target.foreseeable) {
      await target.run(insertForeseen(entity, action));
      return;
    }
    returned = await run(insertRows(entity, action));
  }
  if (returned['rows'] !== foreseen['rows']) {
    const fault = { sqlstate: 'P0001', message: 'a trigger suppressed the write', constraint: null, column: null, table: entity.target.table };
    throw new DataError('M012', fault, 'target', null);
  }
  if (returned['hashes'] !== foreseen['hashes']) for (const statement of takeReturned(entity, facts, action)) await target.run(statement);
}

/** Runs the statements that the decided actions call for, and no others. */
export async function writeBatch(worker: Worker, batchNo: string, decided: readonly ActionCount[], lastLook = false): Promise<void> {
  const { target, entity } = worker;
  const facts = { operationNo: worker.operationNo, batchNo };
  const run = (sql: string): Promise<number> => target.run(sql);
  const any = (...names: readonly string[]): boolean => decided.some((count) => names.includes(count.action));
  const waiting = decided.some((count) => (count.waiting ?? 0) > 0);
  if (any('adopt', 'adopt_conflict', 'adopt_update')) {
    await run(adoptRows(entity, facts));
    await run(`UPDATE ${work(entity)} SET action = 'update' WHERE action = 'adopt_update'`);
  }
  if (any('update', 'adopt_update')) await writeRows(worker, facts, 'update', lastLook);
  if (any('rebase')) for (const statement of rebaseRows(entity, facts)) await run(statement);
  if (any('close')) await run(closeMappings(entity, facts));
  if (any('again')) await writeRows(worker, facts, 'again');
  if (any('insert')) await writeRows(worker, facts, 'insert');
  if (waiting) await run(keepPendingReferences(entity, facts));
  if (any('update', 'again')) for (const statement of dropPendingReferences(entity)) await run(statement);
  if (any('park')) await run(parkRows(entity, facts, lastLook));
  if (any('set_aside')) await run(setAsideRows(entity, facts));
  if (any(...FINDING_ACTIONS)) await run(recordDifferentials(entity, facts));
  if (worker.mode === 'full') await run(closeByFull(entity));
  await run(clearWritten(entity));
}

interface Done {
  readonly counts: RowCounts;
  readonly readMs: number;
}

/** The frame of every batch: begun under the fence, ended with its counts, all in one transaction. */
async function inBatch(worker: Worker, range: KeyRange, work: (batchNo: string) => Promise<Done>): Promise<BatchOutcome> {
  const started = performance.now();
  return transaction(worker.target, async () => {
    const begun = await beginBatch(worker, range);
    if (begun.stopped) return { counts: NOTHING, stopped: true };
    if (begun.repeated) return { counts: NOTHING, stopped: false, repeatedTo: begun.repeated.to };
    const { counts, readMs } = await work(begun.batchNo);
    const writeMs = Math.round(performance.now() - started);
    await endBatch(worker, begun.batchNo, counts, { readMs, writeMs });
    worker.onBatch({ entity: worker.entity.name, slice: worker.slice, range, counts, readMs, writeMs, memoryBytes: process.memoryUsage.rss() });
    return { counts, stopped: false };
  });
}

interface Loaded {
  readonly written: number;
  readonly leftOut: number;
}

/** Writes all rows of the range that lack no parent, in one statement (sql/load.ts). */
async function load(worker: Worker, range: KeyRange, batchNo: string): Promise<Loaded> {
  const sql = loadRows(worker.entity, worker.map, range, { operationNo: worker.operationNo, batchNo });
  const { written, left_out: leftOut } = await worker.target.one<{ written: string; left_out: string }>(sql);
  return { written: Number(written), leftOut: Number(leftOut) };
}

const loadedAction = (loaded: Loaded | null): ActionCount[] => (loaded === null ? [] : [{ action: 'insert', inSource: true, rows: loaded.written }]);

export interface BatchOptions {
  /** What staging the rows took, for the batch's row. */
  readonly readMs: number;
  /**
   * The staged rows are no range but a list of keys: what stands for the batch in the ledger, and rows that are parked no
   * longer. It is their last look of this run: what still waits for a parent is set aside.
   */
  readonly list?: { readonly label: string; readonly keys: readonly string[]; /** Columns whose parents have their turn later: rows that lack one go on waiting. */ readonly later: readonly string[] };
}

/**
 * Decides and writes the staged rows of a range.
 * @throws DataError when a row cannot be written: nothing of the batch is
 * @throws PortageError M011 when another worker owns the entity now
 */
export const runBatch = (worker: Worker, range: KeyRange, { readMs, list }: BatchOptions): Promise<BatchOutcome> =>
  inBatch(worker, list === undefined ? range : { from: list.label, to: null }, async (batchNo) => {
    const { target, entity } = worker;
    const mapped = await target.one<{ present: string }>(leafHasRows(entity, range));
    const loaded = mapped.present === 'false' && worker.fresh && entity.target.foreseeable && list === undefined ? await load(worker, range, batchNo) : null;
    if (loaded?.leftOut === 0) {
      await target.run('SET CONSTRAINTS ALL IMMEDIATE');
      await target.run(clearLoaded(entity));
      return { counts: countsOf(loaded.written, loadedAction(loaded)), readMs };
    }
    await decide(worker, range, { map: worker.map, mode: worker.mode, unmapped: mapped.present === 'false' && loaded === null, final: list !== undefined, later: list?.later ?? [], dry: false });
    const staged = await target.one<{ rows: string }>(`SELECT count(*) AS rows FROM ${stage(entity)} g WHERE ${allOf(inRange(entity.order, 'g.k', range))}`);
    const decided = await countActions(worker);
    const counts = addCounts(countsOf(Number(staged.rows) - (loaded?.written ?? 0), decided), countsOf(loaded?.written ?? 0, loadedAction(loaded)));
    // Rows that take values from each other are here together: checked when all of them are written.
    if (list !== undefined) await target.run('SET CONSTRAINTS ALL DEFERRED');
    await writeBatch(worker, batchNo, decided, list !== undefined);
    if (list !== undefined) await target.run(unpark(entity), [list.keys]);
    // Deferred constraints would fail at COMMIT, where no row can be told from another (SEMANTICS 24).
    await target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { counts, readMs };
  });

/** A transaction on rows that are not read from the source: references that are set now, rows that cannot be. */
export const inListBatch = (worker: Worker, label: string, work: (batchNo: string) => Promise<RowCounts>): Promise<BatchOutcome> =>
  inBatch(worker, { from: label, to: null }, async (batchNo) => ({ counts: await work(batchNo), readMs: 0 }));

/** A batch of one row that cannot be written: set aside with its reason, or parked where another row may make room for it. */
export const setAsideRow = (worker: Worker, range: KeyRange, key: string, reason: Reason): Promise<BatchOutcome> =>
  inBatch(worker, range, async (batchNo) => {
    const { target, entity, operationNo } = worker;
    // The range ends with the row, and mapped rows before it may have gone from the source.
    if (worker.mode !== 'missing-only') await target.run(gatherVanished(entity, range, operationNo, key));
    const vanished = await countActions(worker);
    if (vanished.length > 0) {
      await target.run(recordDifferentials(entity, { operationNo, batchNo }));
      await target.run(closeMappings(entity, { operationNo, batchNo }));
    }
    if (reason.taken === true) await target.run(parkOne(entity, operationNo), [key, reason.text]);
    else await target.run(setAsideOne(entity, operationNo), [key, reason.code, reason.column, reason.text]);
    return { counts: countsOf(1, [{ action: reason.taken === true ? 'park' : 'set_aside', inSource: true, rows: 1 }, ...vanished]), readMs: 0 };
  });

/** Records a range in which both sides equal their bases: read, nothing to do. */
export const passRange = (worker: Worker, range: KeyRange, rows: number, readMs: number): Promise<BatchOutcome> =>
  inBatch(worker, range, () => Promise.resolve({ counts: countsOf(rows, []), readMs }));
