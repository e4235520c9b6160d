/**
 * Deletes what the slices have listed, one group of entities at a time (domain/delete-order.ts), after all entities of the
 * run were carried: a row that a child has let go of can go, and rows that vanished together go together. For every batch:
 * 1. the next keys of the list, and listed rows of the group that refer to them, until none is missing: a closed set;
 * 2. off the list what the source has again; 3. the rest decided and deleted in one transaction (sql/delete.ts). A batch
 * that a row keeps from being deleted shrinks until the row stands alone and becomes a finding.
 */
import { randomUUID } from 'node:crypto';
import { countsOf } from '../../domain/action-counts.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import { PortageError } from '../../domain/errors.ts';
import { readReferencing, type ReferencingKey } from '../catalog/read-referencing.ts';
import { DataError } from '../pg-errors.ts';
import { transaction } from '../transactions.ts';
import * as del from '../sql/delete.ts';
import { recordDifferentials } from '../sql/record.ts';
import { createScratch, emptyStage, work } from '../sql/scratch.ts';
import {
  anyListed,
  createLeaving,
  emptyLeaving,
  keepLeaving,
  leavingKeys,
  nextLeaving,
  pullReferring,
  takeOff,
} from '../sql/vanished.ts';
import { keepOpen } from '../sql/write.ts';
import { beginBatch, countActions, endBatch } from './batch-frame.ts';
import { presentKeys, sourceChunk } from './present-keys.ts';
import { reasonOf } from './reason.ts';
import type { SliceProgress } from './slice.ts';
import type { Worker } from './worker.ts';

const SHRINK = 8;
/** Work beside the ranges of a slice is recorded under this number. */
const NO_SLICE = -1;

/** A member of the group, with the foreign keys that lead to its table. */
interface Member {
  readonly worker: Worker;
  readonly keys: readonly ReferencingKey[];
}

export const hasVanished = async ({ target, entity, operationNo }: Worker): Promise<boolean> =>
  (await target.one<{ present: string }>(anyListed(entity, operationNo))).present === 'true';

/** Members of the group whose rows are in the table of a foreign key. */
const childrenOf = (group: readonly Member[], key: ReferencingKey): readonly Worker[] =>
  group
    .map((member) => member.worker)
    .filter(({ entity: { target } }) => target.relation.schema === key.schema && target.relation.name === key.table);

/** Works through the lists of the group until they are empty, the time is up, or somebody asks to stop. */
export async function workDeletes(workers: readonly Worker[], most: number): Promise<SliceProgress> {
  let rows = 0;
  const group: Member[] = [];
  for (const worker of workers) {
    await worker.target.run(createScratch(worker.entity));
    await worker.target.run(createLeaving(worker.entity));
    const marks = worker.entity.target.mark !== null;
    group.push({ worker, keys: marks ? [] : await readReferencing(worker.target, worker.entity.target.table) });
  }
  for (const { worker } of group) {
    let size = sourceChunk(worker);
    while (await hasVanished(worker)) {
      try {
        const batch = await deleteNext(group, worker, size, most);
        rows += batch.rows;
        if (batch.stopped) return { rows, done: true, stopped: true };
        size = Math.min(sourceChunk(worker), size * SHRINK);
      } catch (error) {
        const timedOut = error instanceof PortageError && error.code === 'M002';
        if (size === 1 && error instanceof DataError) {
          if ((await refuse(worker, error)).stopped) return { rows, done: true, stopped: true };
        } else if (size === 1 || !(error instanceof DataError || timedOut)) throw error;
        size = Math.max(1, Math.floor(size / SHRINK));
      }
      if (worker.timeIsUp()) return { rows, done: false, stopped: false };
    }
  }
  return { rows, done: true, stopped: false };
}

interface Batch {
  readonly rows: number;
  readonly stopped: boolean;
}

async function deleteNext(group: readonly Member[], seed: Worker, size: number, most: number): Promise<Batch> {
  for (const { worker } of group) {
    await worker.target.run(emptyStage(worker.entity));
    await worker.target.run(emptyLeaving(worker.entity));
  }
  let room = most - (await seed.target.run(nextLeaving(seed.entity, seed.operationNo, size)));
  for (let grew = true; grew && room > 0;) {
    grew = false;
    for (const { worker, keys } of group) {
      for (const key of keys) {
        for (const child of childrenOf(group, key)) {
          const pull = pullReferring(worker.entity, key, child.entity, worker.operationNo, Math.max(1, room));
          const pulled = await worker.target.run(pull);
          room -= pulled;
          grew ||= pulled > 0;
        }
      }
    }
  }
  for (const { worker } of group) await keepPresent(worker);
  return transaction(seed.target, () => deleteClosed(group));
}

/** Step 2. */
async function keepPresent(worker: Worker): Promise<void> {
  const { source, target, entity } = worker;
  const keys = (await target.rows<{ k: string }>(leavingKeys(entity))).map((row) => row.k);
  // Unqualified names of the entity's own condition mean tables of its schema.
  if (keys.length > 0) await source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  const present = await presentKeys(worker, keys);
  if (present.length === 0) return;
  await target.run(keepLeaving(entity), [present]);
  await target.run(takeOff(entity), [present]);
}

/** Step 3. */
async function deleteClosed(group: readonly Member[]): Promise<Batch> {
  const started = performance.now();
  const begun: (Member & { batchNo: string })[] = [];
  for (const { worker, keys } of group) {
    const own = { ...worker, slice: NO_SLICE };
    const batch = await beginBatch(own, { from: `delete ${randomUUID()}`, to: null });
    if (batch.stopped) return { rows: 0, stopped: true };
    begun.push({ worker: own, keys, batchNo: batch.batchNo });
  }
  for (const { worker } of begun) {
    await worker.target.run(del.takeLeaving(worker.entity));
    await worker.target.run(del.lockLeaving(worker.entity));
  }
  for (const { worker } of begun) await worker.target.run(del.judgeLeaving(worker.entity));
  await demote(begun);
  let rows = 0;
  const deleting: Worker[] = [];
  for (const { worker, batchNo } of begun) {
    const actions = await countActions(worker);
    const any = (name: string): boolean => actions.some((count) => count.action === name);
    const facts = { operationNo: worker.operationNo, batchNo };
    if (any('delete')) await worker.target.run(del.keepDeleted(worker.entity, facts));
    if (any('delete')) deleting.push(worker);
    if (any('mark')) await mark(worker, facts);
    if (any('close')) await worker.target.run(keepOpen(worker.entity, facts));
    await worker.target.run(recordDifferentials(worker.entity, facts));
    const counts = countsOf(0, actions);
    rows += counts.deleted;
    const timing = { readMs: 0, writeMs: Math.round(performance.now() - started) };
    await endBatch(worker, batchNo, counts, timing);
    const range = { from: null, to: null };
    const memoryBytes = process.memoryUsage.rss();
    worker.onBatch({ entity: worker.entity.name, slice: NO_SLICE, range, counts, ...timing, memoryBytes, bytes: 0 });
  }
  await deleteAll(deleting);
  for (const { worker } of begun) {
    await worker.target.run(del.closeLeft(worker.entity, worker.operationNo));
    await worker.target.run(del.settleLeft(worker.entity, worker.operationNo));
    for (const statement of del.dropWaiting(worker.entity)) await worker.target.run(statement);
  }
  return { rows, stopped: false };
}

/** Rows stay to which rows refer that stay. */
async function demote(group: readonly Member[]): Promise<void> {
  for (let again = false, changed = 1; changed > 0; again = true) {
    changed = 0;
    for (const { worker, keys } of group) {
      for (const key of keys) {
        const children = childrenOf(group, key).map((child) => child.entity);
        changed += await worker.target.run(del.demoteReferred(worker.entity, key, children, again));
      }
    }
  }
}

const suppressed = (worker: Worker): DataError =>
  new DataError(
    'M012',
    {
      sqlstate: 'P0001',
      message: 'a trigger suppressed the delete',
      constraint: null,
      column: null,
      table: worker.entity.target.table,
    },
    'target',
    null,
  );

async function deleteAll(workers: readonly Worker[]): Promise<void> {
  const [first] = workers;
  if (first === undefined) return;
  const wanted = workers
    .map(({ entity }) => `(SELECT count(*) FROM ${work(entity)} WHERE action = 'delete')`)
    .join(' + ');
  const expected = await first.target.one(`SELECT ${wanted} AS rows`);
  const gone = await first.target.one(del.deleteRows(workers.map((worker) => worker.entity)));
  if (gone['rows'] !== expected['rows']) throw suppressed(first);
  // Deferred constraints would fail at COMMIT, where no row can be told from another (SEMANTICS 24).
  await first.target.run('SET CONSTRAINTS ALL IMMEDIATE');
}

async function mark(worker: Worker, facts: { operationNo: number; batchNo: string }): Promise<void> {
  const { target, entity } = worker;
  const expected = await target.run(del.keepUnmarked(entity, facts));
  const marked = await target.one(del.markRows(entity, facts.operationNo));
  if (Number(marked['rows']) !== expected) throw suppressed(worker);
}

/** A row that the target itself will not let go: a finding, with what it says. */
async function refuse(worker: Worker, error: DataError): Promise<Batch> {
  const own = { ...worker, slice: NO_SLICE };
  const { target, entity, operationNo } = own;
  return transaction(target, async () => {
    const begun = await beginBatch(own, { from: `delete ${randomUUID()}`, to: null });
    if (begun.stopped) return { rows: 0, stopped: true };
    await target.run(emptyLeaving(entity));
    await target.run(nextLeaving(entity, operationNo, 1));
    await target.run(del.takeLeaving(entity));
    await target.run(`UPDATE ${work(entity)} SET action = 'refused', code = $1`, [reasonOf(entity, error).text]);
    await target.run(recordDifferentials(entity, { operationNo, batchNo: begun.batchNo }));
    await endBatch(own, begun.batchNo, countsOf(0, await countActions(own)), { readMs: 0, writeMs: 0 });
    return { rows: 0, stopped: false };
  });
}
