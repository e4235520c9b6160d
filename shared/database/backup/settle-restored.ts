/**
 * The last look at rows of a backup that could not come back at once, when every row of their entities had its turn: rows
 * that wait for a parent, rows that take unique values from each other (engine/rings.ts), rows that came back without a
 * reference. They are read from the file again by their keys. Entities that refer to each other in a circle are written
 * together, with constraints deferred.
 */
import { workApart, type ListWork, type Step } from '../engine/rings.ts';
import type { SliceProgress } from '../engine/slice.ts';
import { anyWaitingRestore } from '../ledger/backups.ts';
import { DataError } from '../pg-errors.ts';
import * as restore from '../sql/restore.ts';
import * as waiting from '../sql/restore-wait.ts';
import { emptyStage } from '../sql/scratch.ts';
import { passRow, passUnsettled, restoreListed, type Restoring } from './restore-batch.ts';
import { numberedRows } from './restore-entity.ts';
import { keyOf } from './row-text.ts';
import { stageRows, type NumberedRow } from './stage-rows.ts';

/** Rows that are looked at together, of each entity. A circle of more of them cannot be closed. */
const TOGETHER = 20_000;

const DONE: SliceProgress = { rows: 0, done: true, stopped: false };

/** @param group entities whose tables are connected */
export async function settleRestored(group: readonly Restoring[]): Promise<SliceProgress> {
  let rows = 0;
  for (const { worker } of group) await worker.target.run(restore.createRestoreScratch(worker.entity));
  for (const written of [false, true]) {
    for (let left = await countWaiting(group); ;) {
      const looked = await lookAtAll(group, written);
      rows += looked.rows;
      if (!looked.done || looked.stopped) return { ...looked, rows };
      const still = await countWaiting(group);
      // As long as it gets fewer, the next one may find its parent.
      if (written || still === 0 || still === left) break;
      left = still;
    }
  }
  for (const one of group)
    if ((await hasWaiting(one)) && !(await passUnsettled(one))) return { rows, done: true, stopped: true };
  return { rows, done: true, stopped: false };
}

const hasWaiting = async ({ worker: { target, entity, operationNo } }: Restoring): Promise<boolean> =>
  anyWaitingRestore(target, operationNo, entity.entityId ?? 0);

async function countWaiting(group: readonly Restoring[]): Promise<number> {
  let rows = 0;
  for (const { worker } of group)
    rows += Number((await worker.target.one(waiting.countWaiting(worker.entity, worker.operationNo)))['rows']);
  return rows;
}

async function lookAtAll(group: readonly Restoring[], written: boolean): Promise<SliceProgress> {
  const after = new Map<string, string>();
  let rows = 0;
  for (;;) {
    const keys = new Map<string, readonly string[]>();
    for (const one of group) {
      const { entity, target, operationNo } = one.worker;
      const found = await target.rows<{ legacy_key: string }>(waiting.nextWaiting(entity, operationNo), [
        written,
        after.get(entity.name) ?? '',
        TOGETHER,
      ]);
      const own = found.map((row) => row.legacy_key);
      await target.run(emptyStage(entity));
      if (own.length === 0) continue;
      keys.set(entity.name, own);
      after.set(entity.name, own.at(-1) ?? '');
      await stageKeys(one, own);
    }
    if (keys.size === 0) return { ...DONE, rows };
    const step = await look(
      group.filter(({ worker }) => keys.has(worker.entity.name)),
      keys,
      written,
    );
    rows += [...keys.values()].reduce((sum, own) => sum + own.length, 0);
    if (step !== true) return { ...step, rows };
    if (group[0]?.worker.timeIsUp() === true) return { rows, done: false, stopped: false };
  }
}

/** Reads the rows of the keys out of the file. */
async function stageKeys(one: Restoring, keys: readonly string[]): Promise<void> {
  const { target, entity } = one.worker;
  await stageRows(target, entity, rowsOf(one, new Set(keys)), one.comparable);
  await target.run(restore.keepStaged(entity));
}

async function* rowsOf(one: Restoring, wanted: ReadonlySet<string>): AsyncGenerator<NumberedRow> {
  let found = 0;
  for await (const row of numberedRows(one, 0)) {
    if (!wanted.has(keyOf(row.row))) continue;
    yield row;
    if (++found === wanted.size) return;
  }
}

async function look(
  group: readonly Restoring[],
  keys: ReadonlyMap<string, readonly string[]>,
  counted: boolean,
): Promise<Step> {
  try {
    const { stopped } = await restoreListed(group, { keys, counted });
    return stopped ? { ...DONE, stopped } : true;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  for (const one of group) {
    const own = keys.get(one.worker.entity.name) ?? [];
    const step = await workApart(one.worker, own, listWork(one, counted));
    if (step !== true) return step;
  }
  return true;
}

function listWork(one: Restoring, counted: boolean): ListWork {
  const { worker } = one;
  const ended = (stopped: boolean): Step => (stopped ? { ...DONE, stopped } : true);
  const list: ListWork = {
    async stage(keys) {
      await worker.target.run(emptyStage(worker.entity));
      await worker.target.run(restore.stageKept(worker.entity), [keys]);
      return true;
    },
    async write(keys, how) {
      await list.stage(keys);
      const own = new Map([[worker.entity.name, keys]]);
      return ended((await restoreListed([one], { keys: own, counted, replace: how?.replace })).stopped);
    },
    async setAside(key, reason) {
      const bounds = { from: `refused ${key}`, to: null };
      const outcome = await passRow({ ...worker, slice: -1 }, bounds, key, { taken: false, text: reason.text });
      await worker.target.run(waiting.endWaiting(worker.entity, worker.operationNo), [[key]]);
      return ended(outcome.stopped);
    },
  };
  return list;
}
