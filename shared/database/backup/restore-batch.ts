/**
 * One batch of a restore: staged rows of the file decided and written in one transaction with their mappings and undo
 * entries, under the fence, as a batch of a migration is (engine/batch.ts). Rows of several entities go together where
 * their foreign keys lead in a circle.
 */
import { randomUUID } from 'node:crypto';
import { NOTHING, addCounts, countsOf, type ActionCount, type RowCounts } from '../../domain/action-counts.ts';
import { beginBatch, countActions, endBatch } from '../engine/batch-frame.ts';
import type { Worker } from '../engine/worker.ts';
import { suppressed, writeRows } from '../engine/write-batch.ts';
import { transaction } from '../transactions.ts';
import * as restore from '../sql/restore.ts';
import * as waiting from '../sql/restore-wait.ts';
import * as restoring from '../sql/restore-write.ts';
import type { RestoredReference, RowRange } from '../sql/restore.ts';
import { lockForReplace } from '../sql/rings.ts';
import { work } from '../sql/scratch.ts';
import { adoptRows, insertForeseen, insertRows, rebaseRows, type WriteFacts } from '../sql/write.ts';
import type { Place } from './events.ts';
import type { RowText } from './row-text.ts';
import type { ComparableBases } from './stage-rows.ts';

/** An entity that is being restored. */
export interface Restoring {
  /** Its entity's values come out of the file. */
  readonly worker: Worker;
  /** The key is given by the mapping, and never moves. */
  readonly surrogate: boolean;
  readonly references: readonly RestoredReference[];
  readonly comparable: ComparableBases;
  /** Columns of the file, in order. */
  readonly columns: readonly string[];
  /** Rows in the file. */
  readonly rows: number;
  readonly places: readonly Place[];
  /** Rows from a place on. */
  readonly read: (place: Place) => AsyncGenerator<Iterable<RowText>>;
}

export interface RestoreOutcome {
  readonly counts: RowCounts;
  readonly stopped: boolean;
  /** Another worker had committed this batch: where it ended. */
  readonly repeatedTo?: string | null;
}

export interface ListOptions {
  /** Keys of each entity that have their look now. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** The rows are counted already, as they are there without a reference. */
  readonly counted: boolean;
  /** What stands for the update of rows, where one row keeps another from being updated. */
  readonly replace?: string | undefined;
}

const WHOLE: RowRange = { from: -1, to: Number.MAX_SAFE_INTEGER };
/** Work beside the rows of the file in order is recorded under this number. */
const NO_SLICE = -1;

/** The staged rows of a range of the file. */
export const restoreRange = (one: Restoring, range: RowRange): Promise<RestoreOutcome> =>
  inTransaction([one], range, null);

/** Staged rows that waited, of one entity or of several that refer to each other. */
export const restoreListed = (group: readonly Restoring[], list: ListOptions): Promise<RestoreOutcome> =>
  inTransaction(group, WHOLE, list);

async function inTransaction(
  group: readonly Restoring[],
  range: RowRange,
  list: ListOptions | null,
): Promise<RestoreOutcome> {
  const started = performance.now();
  const [first] = group;
  if (first === undefined) throw new RangeError('a batch of no entity');
  return transaction(first.worker.target, async () => {
    const batches: { one: Restoring; worker: Worker; batchNo: string }[] = [];
    for (const one of group) {
      const worker = list === null ? one.worker : { ...one.worker, slice: NO_SLICE };
      const bounds = list === null ? boundsOf(one, range) : { from: `restored ${randomUUID()}`, to: null };
      const begun = await beginBatch(worker, bounds);
      if (begun.stopped) return { counts: NOTHING, stopped: true };
      if (begun.repeated) return { counts: NOTHING, stopped: false, repeatedTo: begun.repeated.to };
      batches.push({ one, worker, batchNo: begun.batchNo });
    }
    if (list?.replace !== undefined) await first.worker.target.run(lockForReplace(first.worker.entity));
    for (const { one } of batches) await decide(one, range);
    await demoteAll(group);
    if (list !== null) await first.worker.target.run('SET CONSTRAINTS ALL DEFERRED');
    let total = NOTHING;
    for (const { one, worker, batchNo } of batches) {
      const decided = await countActions(worker);
      const counts = list?.counted === true ? NOTHING : countsOf(readOf(one, range, list), decided.map(counted));
      total = addCounts(total, counts);
      await write(worker, batchNo, decided, list);
      if (list !== null) {
        const keys = list.keys.get(worker.entity.name) ?? [];
        await worker.target.run(waiting.endWaiting(worker.entity, worker.operationNo), [keys]);
      }
      const writeMs = Math.round(performance.now() - started);
      await endBatch(worker, batchNo, counts, { readMs: 0, writeMs });
      worker.onBatch({
        entity: worker.entity.name,
        slice: worker.slice,
        range: list === null ? boundsOf(one, range) : { from: null, to: null },
        counts,
        readMs: 0,
        writeMs,
        memoryBytes: process.memoryUsage.rss(),
        bytes: 0,
      });
    }
    await first.worker.target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { counts: total, stopped: false };
  });
}

/** Rows of the file by their numbers; the last batch ends where the file does. */
const boundsOf = ({ rows }: Restoring, { from, to }: RowRange): { from: string | null; to: string | null } => ({
  from: from === 0 ? null : String(from),
  to: to >= rows ? null : String(to),
});

const readOf = ({ worker }: Restoring, range: RowRange, list: ListOptions | null): number =>
  list === null ? range.to - range.from : (list.keys.get(worker.entity.name)?.length ?? 0);

/** A row whose place is taken stays as it is. */
export const counted = (count: ActionCount): ActionCount =>
  count.action === 'occupied' ? { ...count, action: 'kept' } : count;

async function decide({ worker, surrogate }: Restoring, range: RowRange): Promise<void> {
  const { target, entity } = worker;
  const occupied = restore.occupiedByIdentity(entity);
  await target.run(restore.gatherRestored(entity, surrogate, range));
  await target.run(restore.judgeRestored(entity));
  for (const statement of restore.lockDiffering(entity)) await target.run(statement);
  await target.run(restore.judgeRestored(entity));
  if (occupied !== null) await target.run(occupied);
}

/** Whatever refers to a row that is not there, until nothing changes: a row that waits is no parent. */
async function demoteAll(group: readonly Restoring[]): Promise<void> {
  const beside = ({ key }: RestoredReference): readonly restore.WrittenBeside[] =>
    group.flatMap((other) => {
      const { schema, name } = other.worker.entity.target.relation;
      const places = key.pairs.map((pair) => placeOf(other, pair.parent));
      return schema === key.schema && name === key.table ? [{ entity: other.worker.entity, places }] : [];
    });
  const each = async (nullFirst: boolean): Promise<number> => {
    let changed = 0;
    for (const { worker, references } of group)
      for (const reference of references)
        if ((reference.nullFirst !== null) === nullFirst)
          changed += await worker.target.run(restore.demote(worker.entity, reference, beside(reference)));
    return changed;
  };
  // What may be NULL at first comes last: a parent that is parked is none. A row that it parks may be a parent in turn.
  do while ((await each(false)) > 0);
  while ((await each(true)) > 0);
}

const placeOf = ({ worker }: Restoring, column: string): string =>
  worker.entity.columns.find((each) => each.column === column)?.staged ?? 'NULL';

async function write(
  worker: Worker,
  batchNo: string,
  decided: readonly ActionCount[],
  list: ListOptions | null,
): Promise<void> {
  const { target, entity, operationNo } = worker;
  const facts = { operationNo, batchNo };
  const any = (...names: readonly string[]): boolean => decided.some((count) => names.includes(count.action));
  const lastLook = list === null ? null : { replace: list.replace };
  if (any('adopt', 'adopt_update')) {
    await target.run(adoptRows(entity, facts));
    await target.run(`UPDATE ${work(entity)} SET action = 'update' WHERE action = 'adopt_update'`);
  }
  if (any('update', 'adopt_update')) await writeRows(worker, facts, 'update', lastLook);
  if (any('rebase')) for (const statement of rebaseRows(entity, facts)) await target.run(statement);
  if (any('again')) await writeRows(worker, facts, 'again');
  if (any('insert')) await writeRows(worker, facts, 'insert');
  if (any('return')) await returnRows(worker, facts);
  if (any('map')) await target.run(restoring.mapAlone(entity, facts));
  if (any('insert', 'again', 'update', 'adopt', 'adopt_update', 'rebase'))
    for (const statement of restoring.restoreMappings(entity, facts)) await target.run(statement);
  if (decided.some((count) => (count.waiting ?? 0) > 0)) await target.run(waiting.keepWaiting(entity, operationNo));
  if (any('occupied')) await target.run(waiting.keepOccupied(entity, operationNo));
}

/** Rows come back; their mappings say already what they said. */
async function returnRows({ target, entity }: Worker, facts: WriteFacts): Promise<void> {
  const foreseen = await target.one(restoring.keepReturning(entity, facts));
  if (entity.target.foreseeable) {
    await target.run(insertForeseen(entity, 'return'));
    return;
  }
  const returned = await target.one(insertRows(entity, 'return'));
  if (returned['rows'] !== foreseen['rows']) throw suppressed(entity);
  if (returned['hashes'] !== foreseen['hashes']) await target.run(restoring.takeReturning(entity, facts));
}

/** A batch of one row that cannot be written: it waits for another to make room, or is kept out with the reason. */
export const passRow = (
  worker: Worker,
  bounds: { from: string | null; to: string | null },
  key: string,
  reason: { readonly taken: boolean; readonly text: string },
): Promise<RestoreOutcome> =>
  transaction(worker.target, async () => {
    const begun = await beginBatch(worker, bounds);
    if (begun.stopped) return { counts: NOTHING, stopped: true };
    if (begun.repeated) return { counts: NOTHING, stopped: false, repeatedTo: begun.repeated.to };
    const { entity, operationNo } = worker;
    const statement = reason.taken ? waiting.waitOne(entity, operationNo) : waiting.keepRefused(entity, operationNo);
    await worker.target.run(statement, [key, reason.text]);
    const counts = countsOf(1, [{ action: reason.taken ? 'park' : 'kept', inSource: true, rows: 1 }]);
    await endBatch(worker, begun.batchNo, counts, { readMs: 0, writeMs: 0 });
    return { counts, stopped: false };
  });

/** What waits for good is listed, and counted as kept. */
export const passUnsettled = ({ worker }: Restoring): Promise<boolean> =>
  transaction(worker.target, async () => {
    const own = { ...worker, slice: NO_SLICE };
    const begun = await beginBatch(own, { from: `unsettled ${randomUUID()}`, to: null });
    if (begun.stopped) return false;
    const row = await worker.target.one(waiting.keepUnsettled(worker.entity, worker.operationNo));
    const [out, without] = [Number(row['out']), Number(row['without'])];
    await endBatch(own, begun.batchNo, { ...NOTHING, read: out, kept: out + without }, { readMs: 0, writeMs: 0 });
    return true;
  });
