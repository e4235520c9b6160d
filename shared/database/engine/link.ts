/**
 * After an entity's slices: references that waited for a parent are set, and parked rows get their last look. Every run
 * does this first for what earlier runs left, since it looks at the lists and not at the source.
 */
import { randomUUID } from 'node:crypto';
import { NOTHING } from '../../domain/action-counts.ts';
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { DataError } from '../pg-errors.ts';
import { UNLINKED, clearLinked, createLinks, findLinks, foundLinks, setAsideUnlinked, setLinks } from '../sql/link.ts';
import { parkedKeys, setAsideOne, unpark } from '../sql/record.ts';
import { createScratch, emptyStage } from '../sql/scratch.ts';
import type { BatchOutcome } from './batch-frame.ts';
import { inListBatch, runBatch, setAsideTaken } from './batch.ts';
import { clearStages, writeWithNeeded } from './closed-set.ts';
import { inSchemasOf, pullForStaged, waitsFor } from './pull.ts';
import { reasonOf } from './reason.ts';
import { workApart, type ListWork, type Step } from './rings.ts';
import type { SliceProgress } from './slice.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';
import { MOST_KEYS } from './most-keys.ts';

const WHOLE = { from: null, to: null };
/** How far a failing batch shrinks at a time. */
const SHRINK = 8;
/** Rows of one transaction that sets references, also where an entity is otherwise written in one. */
const MOST_LINKS = 10_000;

/** Columns of the entity in which some row waits. */
const waitingColumns = async (worker: Worker): Promise<readonly string[]> =>
  (
    await worker.target.rows<{ column_name: string }>(
      'SELECT DISTINCT column_name FROM portage.pending_references WHERE entity_id = $1',
      [worker.entity.entityId],
    )
  ).map((row) => row.column_name);

/** Sets what can be set of the worker's own references; `parent` narrows to references to that entity. */
export async function linkPending(worker: Worker, parent?: string): Promise<SliceProgress> {
  let rows = 0;
  const waiting = await waitingColumns(worker);
  if (waiting.length > 0) await worker.target.run(createLinks);
  for (const reference of worker.entity.references) {
    if (
      !waiting.includes(reference.column) ||
      reference.parentLeaf === null ||
      (parent !== undefined && reference.parent !== parent)
    )
      continue;
    let size = Math.min(MOST_LINKS, worker.batchRows);
    for (let seen = 1; seen > 0;) {
      seen = 0;
      let outcome;
      try {
        outcome = await inListBatch(worker, `reference ${reference.column} ${randomUUID()}`, async (batchNo) => {
          seen = await worker.target.run(findLinks(worker.entity, reference, size, worker.operationNo));
          if (seen > 0)
            for (const statement of setLinks(worker.entity, reference, { operationNo: worker.operationNo, batchNo }))
              await worker.target.run(statement);
          await worker.target.run('SET CONSTRAINTS ALL IMMEDIATE');
          return NOTHING;
        });
        size = Math.min(MOST_LINKS, worker.batchRows, size * SHRINK);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        if (seen > 1) {
          size = Math.max(1, Math.floor(seen / SHRINK));
          continue;
        }
        outcome = await refuseLink(worker, reference, error);
      }
      if (outcome.stopped) return { rows, done: true, stopped: true };
      rows += seen;
      if (worker.timeIsUp()) return { rows, done: false, stopped: false };
    }
  }
  return { rows, done: true, stopped: false };
}

/** Lists the one row whose reference the target refuses; it goes on waiting, for the next run. */
const refuseLink = (worker: Worker, reference: CompiledReference, error: DataError): Promise<BatchOutcome> =>
  inListBatch(worker, `reference ${reference.column} ${randomUUID()}`, async () => {
    const { target, entity, operationNo } = worker;
    await target.run(findLinks(entity, reference, 1, operationNo));
    const { legacy_key: key } = await target.one<{ legacy_key: string }>(foundLinks);
    const { code, text } = reasonOf(entity, error);
    const listed = code === 'M003' ? 'M012' : code;
    await target.run(setAsideOne(entity, operationNo), [key, listed, reference.column, `${text}${UNLINKED}`]);
    return { ...NOTHING, setAside: 1 };
  });

/**
 * Gives every parked row its last look of this run; one that waits for an entity that is loaded later is parked again.
 * @param later entities that still have their turn
 * @param waiting entities whose rows wait for these, each for the one before it
 */
export async function workParked(
  worker: Worker,
  later: readonly string[],
  waiting: readonly string[] = [],
): Promise<SliceProgress> {
  const { entity, target } = worker;
  let rows = 0;
  const columns = waitsFor(entity, later);
  // A row of a circle goes with what it needs there, and so do rows of it that were parked.
  const circle = await worker.circle();
  const look = (owner: Worker, staged: readonly string[]): Promise<SliceProgress> => workParked(owner, [], staged);
  const ended = ({ stopped }: Pick<BatchOutcome, 'stopped'>, count: number): Step => {
    if (stopped) return { rows, done: true, stopped: true };
    rows += count;
    return worker.timeIsUp() ? { rows, done: false, stopped: false } : true;
  };
  let readMs = 0;
  let bytes = 0;
  const list: ListWork = {
    async stage(keys) {
      await target.run(emptyStage(entity));
      const copied = await stageRows(worker, { keys });
      readMs = copied.ms;
      bytes = copied.bytes;
      return true;
    },
    async write(keys, how = {}) {
      await list.stage(keys);
      if (circle !== null && how.replace === undefined) {
        await clearStages(circle.workers, worker);
        const seed = { worker, own: { keys }, readMs, bytes };
        const members = circle.workers.map((one) => one.entity);
        const { progress } = await inSchemasOf(worker.source, members, () =>
          writeWithNeeded({ ...circle, later }, seed, look, waiting),
        );
        if (!progress.done && !progress.stopped) return { rows, done: false, stopped: false };
        return ended(progress, keys.length);
      }
      const pulled = await pullForStaged(worker, columns, waiting, look);
      if (!pulled.done || pulled.stopped) return { rows, done: pulled.done, stopped: pulled.stopped };
      const label = `parked ${randomUUID()}`;
      const outcome = await runBatch(worker, WHOLE, { readMs, bytes, list: { label, keys, later: columns, ...how } });
      return ended(outcome, keys.length);
    },
    async setAsideTaken(keys) {
      const taken = await setAsideTaken(worker, { label: `parked ${randomUUID()}`, keys, later: columns });
      const step = ended(taken, taken.refused.size);
      return step === true ? keys.filter((key) => !taken.refused.has(key)) : step;
    },
    async setAside(key, reason) {
      const outcome = await inListBatch(worker, `parked ${randomUUID()}`, async () => {
        await target.run(setAsideOne(entity, worker.operationNo), [key, reason.code, reason.column, reason.text]);
        await target.run(unpark(entity), [[key]]);
        return { ...NOTHING, read: 1, setAside: 1 };
      });
      return ended(outcome, 1);
    },
  };
  for (;;) {
    // More than a batch may hold otherwise: rows that swap values are written together.
    const sql = parkedKeys(entity, columns.length > 0, worker.listed ? worker.operationNo : null);
    const found = await target.rows<{ legacy_key: string }>(sql, [MOST_KEYS]);
    const keys = found.map((row) => row.legacy_key);
    if (keys.length === 0) return { rows, done: true, stopped: false };
    // Not before there is something to do: temporary tables cost the catalogs 330 KB of log.
    if (rows === 0) await target.run(createScratch(entity));
    const step = await list.write(keys).catch((error: unknown) => {
      if (error instanceof DataError) return workApart(worker, keys, list);
      throw error;
    });
    if (step !== true) return step;
  }
}

/** Lists rows whose reference leads nowhere now that every parent had its turn, and forgets those that were set. */
export async function settleUnlinked(worker: Worker): Promise<void> {
  const waiting = await waitingColumns(worker);
  const columns = mustLead(worker.entity).filter((column) => waiting.includes(column));
  if (columns.length > 0) {
    await inListBatch(worker, `unlinked ${randomUUID()}`, async () => ({
      ...NOTHING,
      setAside: await worker.target.run(setAsideUnlinked(worker.entity, worker.operationNo, columns)),
    }));
  }
  await worker.target.run(clearLinked(worker.entity));
}

/** References of which a row without a parent is a finding. */
export const mustLead = (entity: CompiledEntity): readonly string[] =>
  entity.references.filter((r) => r.onMissing === 'setAside').map((r) => r.column);
