/**
 * Loads entities that refer to each other in a circle of NOT NULL references (SEMANTICS 22): each in turn, batch by batch, and
 * every batch with the rows that it needs (closed-set.ts).
 */
import { DataError } from '../pg-errors.ts';
import { allOf, inRange } from '../sql/range.ts';
import { stage } from '../sql/scratch.ts';
import { setAsideRow } from './batch.ts';
import { clearStages, writeWithNeeded, type Circle } from './closed-set.ts';
import { workParked } from './link.ts';
import { reasonFor } from './blame.ts';
import { isTaken } from './reason.ts';
import type { SliceProgress } from './slice.ts';
import { stageRows } from './stage-rows.ts';
import type { Worker } from './worker.ts';

/** How far a failing batch shrinks at a time. */
const SHRINK = 8;

/** Works through the ranges of every entity of the circle from where their last batches ended. */
export async function workCycle(circle: Circle): Promise<SliceProgress> {
  let rows = 0;
  for (const seed of circle.workers) {
    const [last] = await seed.target.rows<{ upper_bound: string | null }>(
      'SELECT upper_bound FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice = 0 ORDER BY batch_no DESC LIMIT 1',
      [seed.checkpointId],
    );
    if (last?.upper_bound === null) continue;
    const progress = await workSeed(circle, seed, last?.upper_bound ?? null);
    rows += progress.rows;
    if (!progress.done || progress.stopped) return { ...progress, rows };
  }
  return { rows, done: true, stopped: false };
}

async function workSeed(circle: Circle, seed: Worker, start: string | null): Promise<SliceProgress> {
  let from = start;
  let size = seed.batchRows;
  let rows = 0;
  let apart = false;
  for (;;) {
    await clearStages(circle.workers);
    let next: { to: string | null } | SliceProgress;
    try {
      next = await workBatch(circle, seed, from, size, apart);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (!apart && isTaken(error)) {
        apart = true;
        continue;
      }
      apart = false;
      if (size > 1) {
        size = Math.max(1, Math.floor(size / SHRINK));
        continue;
      }
      const first = await seed.source.one<{ key: string }>(
        `SELECT ${seed.entity.source.key}::text AS key FROM ${seed.entity.source.from} WHERE ${allOf([...seed.entity.source.where, ...inRange(seed.entity.order, seed.entity.source.key, { from, to: null })])} ORDER BY ${seed.entity.source.key} LIMIT 1`,
      );
      const outcome = await setAsideRow(
        seed,
        { from, to: first.key },
        first.key,
        await reasonFor(seed, first.key, error),
      );
      if (outcome.stopped) return { rows, done: false, stopped: true };
      from = first.key;
      continue;
    }
    apart = false;
    if ('done' in next) return { rows, done: false, stopped: next.stopped };
    rows += size;
    if (next.to === null) return { rows, done: true, stopped: false };
    from = next.to;
    size = Math.min(seed.batchRows, size * SHRINK);
    if (seed.timeIsUp()) return { rows, done: false, stopped: false };
  }
}

/** @returns where the batch ended, or how far it came where it is to stop or the time is up */
async function workBatch(
  circle: Circle,
  seed: Worker,
  from: string | null,
  size: number,
  apart: boolean,
): Promise<{ to: string | null } | SliceProgress> {
  const { ms, bytes } = await stageRows(seed, { range: { from, to: null }, limit: size });
  const staged = await seed.target.one<{ rows: string; last: string | null }>(
    `SELECT count(*) AS rows, max(k) AS last FROM ${stage(seed.entity)}`,
  );
  const to = Number(staged.rows) < size ? null : staged.last;
  const own = { range: { from, to } };
  const { progress, repeatedTo } = await writeWithNeeded(
    circle,
    { worker: seed, own, readMs: ms, bytes, apart },
    (owner, waiting) => workParked(owner, [], waiting),
  );
  if (!progress.done || progress.stopped) return { ...progress, rows: 0 };
  return { to: repeatedTo === undefined ? to : repeatedTo };
}
