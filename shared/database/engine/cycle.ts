/**
 * Loads entities that refer to each other in a circle of NOT NULL references (SEMANTICS 22). For every batch of one of
 * them, in turn:
 * 1. stage the batch; 2. stage by key what it refers to inside the circle and is not there yet, until nothing is missing:
 * a closed set; 3. decide for every entity, with references resolved among the staged rows; 4. write all of it in one
 * transaction with constraints deferred. A set over the limit is an error that names it.
 */
import { randomUUID } from 'node:crypto';
import type { ActionCount } from '../../domain/action-counts.ts';
import { countsOf } from '../../domain/action-counts.ts';
import type { CompiledReference } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import { transaction } from '../session.ts';
import { demote, missingParents, resolveWithin } from '../sql/closure.ts';
import { gather } from '../sql/decide.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { createScratch, emptyStage, stage } from '../sql/scratch.ts';
import { beginBatch, countActions, endBatch } from './batch-frame.ts';
import { classify, setAsideRow } from './batch.ts';
import { findVanished } from './vanished.ts';
import { writeBatch } from './write-batch.ts';
import { reasonOf } from './reason.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';

const WHOLE = { from: null, to: null };
const MOST_KEYS = 2000;
/** Work beside the ranges of a slice is recorded under this number. */
const NO_SLICE = -1;
const SHRINK = 8;
/** A row set aside is counted where its own range is read, not where a closure pulled it in. */
const WRITES = new Set(['insert', 'again', 'update', 'adopt', 'rebase']);

interface Inside {
  readonly reference: CompiledReference;
  readonly parent: Worker;
}

/** Which references must lead to a row of the set. */
type Follows = (reference: CompiledReference) => boolean;
const ALL: Follows = () => true;

const inside = (worker: Worker, circle: readonly Worker[], follows: Follows): readonly Inside[] =>
  worker.entity.references.filter(follows).flatMap((reference) => {
    const parent = circle.find((other) => other.entity.name === reference.parent);
    return parent === undefined ? [] : [{ reference, parent }];
  });

/** Step 2. @throws PortageError M007 when the set grows beyond `most` rows. */
export async function close(
  circle: readonly Worker[],
  seed: Worker,
  most: number,
  follows: Follows = ALL,
): Promise<void> {
  let total = 0;
  for (let grew = true; grew;) {
    grew = false;
    for (const child of circle) {
      for (const { reference, parent } of inside(child, circle, follows)) {
        const keys = (
          await child.target.rows<{ key: string }>(missingParents(child.entity, reference, parent.entity, MOST_KEYS))
        ).map((row) => row.key);
        if (keys.length === 0) continue;
        const before = await rowsStaged(parent, WHOLE);
        await stageRows(parent, { keys });
        const added = (await rowsStaged(parent, WHOLE)) - before;
        grew ||= added > 0;
        total += added;
      }
    }
    if (total > most) {
      throw new PortageError(
        'M007',
        `rows of ${circle.map((w) => w.entity.name).join(', ')} that must be written together are too many`,
        {
          got: `more than ${total} rows around a batch of ${seed.entity.name}`,
          expected: `at most ${most} (settings.closureRows)`,
          where: seed.entity.name,
        },
      );
    }
  }
}

const rowsStaged = async (worker: Worker, range: KeyRange): Promise<number> =>
  Number(
    (
      await worker.target.one(
        `SELECT count(*) AS rows FROM ${stage(worker.entity)} g WHERE ${allOf(inRange(worker.entity.order, 'g.k', range))}`,
      )
    )['rows'],
  );

/** Steps 3 and 4. @returns the rows of the range, or null when the operation is to stop. */
async function writeClosed(
  circle: readonly Worker[],
  seed: Worker,
  range: KeyRange,
  { readMs, bytes }: { readonly readMs: number; readonly bytes: number },
): Promise<{ read: number; repeatedTo?: string | null } | null> {
  const started = performance.now();
  return transaction(seed.target, async () => {
    await seed.target.run('SET CONSTRAINTS ALL DEFERRED');
    const batches: { worker: Worker; batchNo: string; unmapped: boolean }[] = [];
    for (const worker of circle) {
      if (worker !== seed && (await rowsStaged(worker, WHOLE)) === 0) continue;
      // A closure is no range of its entity's slice: recorded as one, it would pass for the end of it.
      const own = worker === seed ? worker : { ...worker, slice: NO_SLICE };
      const begun = await beginBatch(own, worker === seed ? range : { from: `closure ${randomUUID()}`, to: null });
      if (begun.stopped) return null;
      if (begun.repeated) return { read: 0, repeatedTo: begun.repeated.to };
      batches.push({ worker: own, batchNo: begun.batchNo, unmapped: false });
    }
    for (const { worker, unmapped } of batches) {
      await worker.target.run(
        gather(worker.entity, WHOLE, { map: worker.map, mode: worker.mode, unmapped, final: true, dry: false }),
      );
      if (worker === seed && worker.mode !== 'missing-only') await findVanished(worker, range);
    }
    await settle(batches.map((batch) => batch.worker));
    for (const { worker } of batches) await classify(worker, false);
    const read = await rowsStaged(seed, range);
    for (const { worker, batchNo } of batches) {
      const counted = [
        ...(worker === seed ? await countActions(worker, range) : []),
        ...(await closureCounts(worker, worker === seed ? range : null)),
      ];
      const counts = countsOf(worker === seed ? read : 0, counted);
      await writeBatch(worker, batchNo, await countActions(worker));
      const writeMs = Math.round(performance.now() - started);
      const cost = worker === seed ? { readMs, writeMs, bytes } : { readMs: 0, writeMs, bytes: 0 };
      await endBatch(worker, batchNo, counts, cost);
      if (worker === seed)
        worker.onBatch({
          entity: worker.entity.name,
          slice: worker.slice,
          range,
          counts,
          ...cost,
          memoryBytes: process.memoryUsage.rss(),
        });
    }
    await seed.target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { read };
  });
}

/** What a closure adds: rows that it wrote outside the range. */
async function closureCounts(worker: Worker, range: KeyRange | null): Promise<ActionCount[]> {
  const all = (await countActions(worker)).filter((count) => WRITES.has(count.action));
  if (range === null) return all;
  const inside = new Map(
    (await countActions(worker, range)).map((count) => [`${count.action} ${count.inSource}`, count.rows]),
  );
  return all.map((count) => ({ ...count, rows: count.rows - (inside.get(`${count.action} ${count.inSource}`) ?? 0) }));
}

/** References among the staged rows: each gets the key that its parent is going to have, or its row cannot be written. */
export async function settle(circle: readonly Worker[], follows: Follows = ALL): Promise<void> {
  for (const worker of circle) {
    const references = inside(worker, circle, follows).map(({ reference, parent }) => ({
      reference,
      parent: parent.entity,
    }));
    for (const statement of resolveWithin(worker.entity, references)) await worker.target.run(statement);
  }
  for (let changed = 1; changed > 0;) {
    changed = 0;
    for (const worker of circle)
      for (const { reference, parent } of inside(worker, circle, follows))
        changed += await worker.target.run(demote(worker.entity, reference, parent.entity));
  }
}

export interface CycleProgress {
  readonly rows: number;
  readonly done: boolean;
  readonly stopped: boolean;
}

/** Works through the ranges of every entity of the circle from where their last batches ended. */
export async function workCycle(circle: readonly Worker[], most: number): Promise<CycleProgress> {
  let rows = 0;
  for (const worker of circle) await worker.target.run(createScratch(worker.entity));
  for (const seed of circle) {
    const [last] = await seed.target.rows<{ upper_bound: string | null }>(
      'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = 0 ORDER BY batch_no DESC LIMIT 1',
      [seed.checkpointId],
    );
    if (last?.upper_bound === null) continue;
    const progress = await workSeed(circle, seed, last?.upper_bound ?? null, most);
    rows += progress.rows;
    if (!progress.done || progress.stopped) return { ...progress, rows };
  }
  return { rows, done: true, stopped: false };
}

async function workSeed(
  circle: readonly Worker[],
  seed: Worker,
  start: string | null,
  most: number,
): Promise<CycleProgress> {
  let from = start;
  let size = seed.batchRows;
  let rows = 0;
  for (;;) {
    for (const worker of circle) await worker.target.run(emptyStage(worker.entity));
    let next: { to: string | null };
    try {
      next = await workBatch(circle, seed, from, size, most);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (size > 1) {
        size = Math.max(1, Math.floor(size / SHRINK));
        continue;
      }
      const first = await seed.source.one<{ key: string }>(
        `SELECT ${seed.entity.source.key}::text AS key FROM ${seed.entity.source.from} WHERE ${allOf([...seed.entity.source.where, ...inRange(seed.entity.order, seed.entity.source.key, { from, to: null })])} ORDER BY ${seed.entity.source.key} LIMIT 1`,
      );
      const outcome = await setAsideRow(seed, { from, to: first.key }, first.key, reasonOf(seed.entity, error));
      if (outcome.stopped) return { rows, done: false, stopped: true };
      from = first.key;
      continue;
    }
    if (next.to === STOPPED) return { rows, done: false, stopped: true };
    rows += size;
    if (next.to === null) return { rows, done: true, stopped: false };
    from = next.to;
    size = Math.min(seed.batchRows, size * SHRINK);
    if (seed.timeIsUp()) return { rows, done: false, stopped: false };
  }
}

const STOPPED = '\u0000stopped';

async function workBatch(
  circle: readonly Worker[],
  seed: Worker,
  from: string | null,
  size: number,
  most: number,
): Promise<{ to: string | null }> {
  const { ms, bytes } = await stageRows(seed, { range: { from, to: null }, limit: size });
  const staged = await seed.target.one<{ rows: string; last: string | null }>(
    `SELECT count(*) AS rows, max(k) AS last FROM ${stage(seed.entity)}`,
  );
  const to = Number(staged.rows) < size ? null : staged.last;
  await close(circle, seed, most);
  const written = await writeClosed(circle, seed, { from, to }, { readMs: ms, bytes });
  if (written === null) return { to: STOPPED };
  return { to: written.repeatedTo === undefined ? to : written.repeatedTo };
}
