/**
 * Settles rows by key whose difference was recorded earlier. Each batch stages its rows anew and decides under lock, as a
 * synchronization does: what was recorded may be long past. A row that is what it was recorded as is settled; one that moved
 * on is recorded anew; one that differs no more is closed.
 */
import { randomUUID } from 'node:crypto';
import { countsOf } from '../../domain/action-counts.ts';
import { DataError } from '../pg-errors.ts';
import { gather } from '../sql/decide.ts';
import { closeVanished, gatherVanishedKeys, openKeys, refuseKey } from '../sql/resolve.ts';
import { createScratch, copyIn, emptyStage } from '../sql/scratch.ts';
import { copyOut } from '../sql/source.ts';
import { countActions, inBatch, type BatchOutcome } from './batch-frame.ts';
import { classify, inListBatch } from './batch.ts';
import { copyRows } from './copy-rows.ts';
import { reasonOf } from './reason.ts';
import type { SliceProgress } from './slice.ts';
import type { Worker } from './worker.ts';
import { writeBatch } from './write-batch.ts';

const WHOLE = { from: null, to: null };
/** As many keys as fit into one statement without growing it beyond reason. */
const MOST_KEYS = 1000;

/** What is written beside the decisions of a batch, in its transaction: the values that a person gave. */
export type Beside = (batchNo: string) => Promise<void>;

/**
 * Works through the open differences of the entity until none is left, the time is up, or somebody asks to stop.
 * @param only one of them, by its id
 */
export async function workOpen(worker: Worker, only: string | null, beside?: Beside): Promise<SliceProgress> {
  const { target, entity, settlement, operationNo } = worker;
  const types = settlement?.types ?? [];
  let rows = 0;
  for (;;) {
    const found = await target.rows<{ legacy_key: string }>(openKeys(entity, operationNo), [types, only, MOST_KEYS]);
    const keys = found.map((row) => row.legacy_key);
    if (keys.length === 0) return { rows, done: true, stopped: false };
    if (rows === 0) await target.run(createScratch(entity));
    if (await settleKeys(worker, keys, beside)) return { rows, done: true, stopped: true };
    rows += keys.length;
    if (worker.timeIsUp()) return { rows, done: false, stopped: false };
  }
}

/** @returns whether somebody asked to stop */
async function settleKeys(worker: Worker, keys: readonly string[], beside?: Beside): Promise<boolean> {
  try {
    return (await settleBatch(worker, keys, beside)).stopped;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const half = Math.ceil(keys.length / 2);
    if (keys.length > 1)
      return (
        (await settleKeys(worker, keys.slice(0, half), beside)) || (await settleKeys(worker, keys.slice(half), beside))
      );
    const { text } = reasonOf(worker.entity, error);
    const outcome = await inListBatch(worker, `refused ${randomUUID()}`, async () => {
      const refused = await worker.target.run(refuseKey(worker.entity, worker.operationNo), [keys[0], text]);
      return countsOf(1, [{ action: 'conflict', inSource: true, rows: refused }]);
    });
    return outcome.stopped;
  }
}

async function settleBatch(worker: Worker, keys: readonly string[], beside?: Beside): Promise<BatchOutcome> {
  const { source, target, entity, map, operationNo } = worker;
  await target.run(emptyStage(entity));
  const { ms, rows } = await copyRows(source, copyOut(entity, { keys }), target, copyIn(entity));
  return inBatch(worker, { from: `resolve ${randomUUID()}`, to: null }, async (batchNo) => {
    const facts = { map, mode: 'differential' as const, unmapped: false, final: true, dry: false };
    await target.run(gather(entity, WHOLE, facts));
    await target.run(gatherVanishedKeys(entity), [keys]);
    await classify(worker, false);
    const decided = await countActions(worker);
    await writeBatch(worker, batchNo, decided, {});
    await beside?.(batchNo);
    // What is recorded no more is no more: the row is equal by now, or was settled elsewhere.
    await target.run(closeVanished(entity, operationNo), [keys, worker.settlement?.types ?? []]);
    await target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { counts: countsOf(rows, decided), readMs: ms };
  });
}
