/** Writes what a batch has decided: each action's statements in order, updates before inserts, findings last. */
import type { ActionCount } from '../../domain/action-counts.ts';
import { decidesNothing } from '../../domain/settlement.ts';
import {
  FINDING_ACTIONS,
  clearWritten,
  closeByFull,
  parkRows,
  recordDifferentials,
  setAsideRows,
} from '../sql/record.ts';
import { givesAwayReferred } from '../sql/rings.ts';
import { work } from '../sql/scratch.ts';
import { acceptRows, mapMerged, mergeRows, recordDecisions, takeDecisions } from '../sql/settle.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { RowWrite, WriteFacts } from '../sql/write.ts';
import {
  adoptRows,
  closeMappings,
  dropPendingReferences,
  forgetReferring,
  insertForeseen,
  insertRows,
  keepBefore,
  keepPendingReferences,
  mapInserts,
  mapUpdates,
  movedKeys,
  moveKeys,
  rebaseRows,
  releaseUnique,
  takeReturned,
  updateRows,
} from '../sql/write.ts';
import { DataError } from '../pg-errors.ts';
import { columnsReferredTo, mustKeep } from './referred.ts';
import { listVanished } from './vanished.ts';
import type { Worker } from './worker.ts';

/** The last look at rows: how rows that take values from each other are written. */
export interface LastLook {
  /** What stands for the update of rows, where one row keeps another from being updated. */
  readonly replace?: string | undefined;
  /** Columns of exclusion constraints that are NULL in between, beside those of unique keys. */
  readonly release?: readonly string[] | undefined;
}

/**
 * Writes the rows of an action. What the database returned is compared with what was foreseen; a row that a trigger
 * suppressed counts as one that cannot be written.
 */
export async function writeRows(
  worker: Worker,
  facts: WriteFacts,
  action: RowWrite,
  lastLook: LastLook | null = null,
): Promise<void> {
  const { target, entity } = worker;
  const run = (sql: string): Promise<Record<string, string | null>> => target.one(sql);
  let foreseen: Record<string, string | null>;
  let returned: Record<string, string | null>;
  if (action === 'update') {
    await target.run(keepBefore(entity, facts));
    const keys = await keysThatMove(worker, 'update');
    if (lastLook !== null) await release(worker, lastLook);
    returned = await run(lastLook?.replace ?? updateRows(entity));
    foreseen = await run(mapUpdates(entity));
    const moved = moveKeys(entity);
    if (moved !== null) await target.run(moved);
    await lookAgainAtReferring(worker, keys);
  } else {
    const keys = action === 'again' ? await keysThatMove(worker, 'again') : [];
    foreseen = await run(mapInserts(entity, facts, action));
    const moved = action === 'again' ? moveKeys(entity, action) : null;
    if (moved !== null) await target.run(moved);
    await lookAgainAtReferring(worker, keys);
    if (entity.target.foreseeable) {
      await target.run(insertForeseen(entity, action));
      return;
    }
    returned = await run(insertRows(entity, action));
  }
  if (returned['rows'] !== foreseen['rows']) throw suppressed(entity);
  if (returned['hashes'] === foreseen['hashes'] && !entity.target.changedAfter) return;
  const [bases, undo] = takeReturned(entity, facts, action);
  if ((await target.run(bases)) !== Number(foreseen['rows'])) throw movedAway(entity);
  await target.run(undo);
}

/** Makes room for values that rows give each other. @throws DataError where others refer to such a value */
async function release(
  { target, entity }: Worker,
  { replace, release: more = [] }: LastLook,
  action: 'update' | 'merge' = 'update',
): Promise<void> {
  const { table } = entity.target;
  const referred = await columnsReferredTo(target, table, (key) => givesAwayReferred(entity, key, action));
  if (replace !== undefined) mustKeep(referred, table);
  const released = releaseUnique(entity, more, referred, action);
  if (released !== null) await target.run(released);
}

/** Keys of rows that are to get another one, where rows of the map may refer to them. */
async function keysThatMove(
  { target, entity }: Worker,
  action: 'update' | 'merge' | 'again',
): Promise<readonly string[]> {
  const moved = movedKeys(entity, action);
  return moved === null ? [] : (await target.rows<{ key: string }>(moved)).map(({ key }) => key);
}

async function lookAgainAtReferring({ target, entity }: Worker, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) for (const statement of forgetReferring(entity)) await target.run(statement, [keys]);
}

export const suppressed = (entity: CompiledEntity): DataError => byTrigger(entity, 'a trigger suppressed the write');

/** Nobody would find the row again: its mapping would lead nowhere. */
const movedAway = (entity: CompiledEntity): DataError =>
  byTrigger(entity, 'a trigger gave the row another key than the one that was written, or took it away');

const byTrigger = (entity: CompiledEntity, message: string): DataError =>
  new DataError(
    'M012',
    {
      sqlstate: 'P0001',
      message,
      constraint: null,
      column: null,
      table: entity.target.table,
    },
    'target',
    null,
  );

/** Records what was settled, with what both sides had before it is written; then it is written like any other row. */
async function keepDecisions({ target, entity, settlement }: Worker, facts: WriteFacts): Promise<void> {
  if (!settlement || decidesNothing(settlement)) return;
  const { rows } = await target.one(`SELECT count(w.decided) AS rows FROM ${work(entity)} w`);
  if (rows === '0') return;
  await target.run(recordDifferentials(entity, facts, 'w.rule IS NOT NULL'));
  for (const statement of recordDecisions(entity, facts)) await target.run(statement);
  await target.run(takeDecisions(entity));
}

/** Rows of which some columns stay as the target has them. */
async function writeMerged(worker: Worker, facts: WriteFacts, expected: number): Promise<void> {
  const { target, entity } = worker;
  const keys = await keysThatMove(worker, 'merge');
  const written = await target.one(mergeRows(entity));
  if (Number(written['rows']) !== expected) throw suppressed(entity);
  const moved = moveKeys(entity, 'merge');
  if (moved !== null) await target.run(moved);
  await lookAgainAtReferring(worker, keys);
  const [bases, undo] = mapMerged(entity, facts);
  if ((await target.run(bases)) !== expected) throw movedAway(entity);
  await target.run(undo);
}

/** Before any row is written: what the merged ones were, and room for values that they take from others. @returns how many they are */
async function beginMerged(worker: Worker, facts: WriteFacts, lastLook: LastLook | null): Promise<number> {
  const { target, entity } = worker;
  const rows = await target.run(keepBefore(entity, facts, 'merge'));
  if (lastLook !== null) await release(worker, { ...lastLook, replace: undefined }, 'merge');
  return rows;
}

/** Runs the statements that the decided actions call for, and no others. */
export async function writeBatch(
  worker: Worker,
  batchNo: string,
  decided: readonly ActionCount[],
  lastLook: LastLook | null = null,
): Promise<void> {
  const { target, entity } = worker;
  const facts = { operationNo: worker.operationNo, batchNo };
  const run = (sql: string): Promise<number> => target.run(sql);
  const any = (...names: readonly string[]): boolean => decided.some((count) => names.includes(count.action));
  const waiting = decided.some((count) => (count.waiting ?? 0) > 0);
  if (worker.settlement) await keepDecisions(worker, facts);
  if (any('adopt', 'adopt_conflict', 'adopt_update', 'adopt_accept')) {
    await run(adoptRows(entity, facts));
    await run(`UPDATE ${work(entity)} SET action = substr(action, 7) WHERE action IN ('adopt_update', 'adopt_accept')`);
  }
  if (any('accept', 'adopt_accept', 'let_go')) for (const statement of acceptRows(entity, facts)) await run(statement);
  const merged = any('merge') ? await beginMerged(worker, facts, lastLook) : 0;
  if (any('update', 'adopt_update')) await writeRows(worker, facts, 'update', lastLook);
  if (any('merge')) await writeMerged(worker, facts, merged);
  if (any('rebase')) for (const statement of rebaseRows(entity, facts)) await run(statement);
  if (any('leave')) await listVanished(worker);
  if (any('close')) for (const statement of closeMappings(entity, facts)) await run(statement);
  if (any('again')) await writeRows(worker, facts, 'again');
  if (any('insert')) await writeRows(worker, facts, 'insert');
  if (waiting) await run(keepPendingReferences(entity, facts));
  if (any('update', 'again', 'merge', 'adopt_update'))
    for (const statement of dropPendingReferences(entity)) await run(statement);
  if (any('park')) await run(parkRows(entity, facts, lastLook !== null));
  if (any('set_aside')) await run(setAsideRows(entity, facts));
  if (any(...FINDING_ACTIONS)) await run(recordDifferentials(entity, facts));
  if (worker.mode === 'full') await run(closeByFull(entity));
  await run(clearWritten(entity));
}
