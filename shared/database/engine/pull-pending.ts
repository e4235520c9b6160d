/** References that were written as NULL and lead to rows that came too late: the rows are pulled, and the references set. */
import { unmappedPending } from '../sql/pull.ts';
import { linkPending, workParked } from './link.ts';
import { pullParents } from './pull.ts';
import type { SliceProgress } from './slice.ts';
import type { Worker } from './worker.ts';
import { MOST_KEYS } from './most-keys.ts';

/** A chain of rows of one entity that came too late and is longer is no accident of timing: its end waits for the next run. */
const MOST_GENERATIONS = 16;

/** One generation: `rows` is how many were pulled. */
async function pullOnce(worker: Worker, later: readonly string[]): Promise<SliceProgress> {
  let rows = 0;
  for (const reference of worker.entity.references) {
    if (reference.parentLeaf === null || later.includes(reference.column)) continue;
    for (let after: string | null = null, more = true; more;) {
      const page: { key: string }[] = await worker.target.rows(unmappedPending(worker.entity, reference), [
        MOST_KEYS,
        after,
      ]);
      const keys = page.map((row) => row.key);
      const pulled = await pullParents(worker, reference.parent, keys, [], (owner, waiting) =>
        workParked(owner, [], waiting),
      );
      rows += pulled.rows;
      if (!pulled.done || pulled.stopped) return { ...pulled, rows };
      more = page.length === MOST_KEYS;
      after = keys.at(-1) ?? null;
    }
  }
  return { rows, done: true, stopped: false };
}

/** Looks again for what the rows pulled refer to, until nothing more comes. */
export async function pullPending(worker: Worker, later: readonly string[]): Promise<SliceProgress> {
  let rows = 0;
  for (let generation = 0; generation < MOST_GENERATIONS; generation++) {
    const pulled = await pullOnce(worker, later);
    rows += pulled.rows;
    if (!pulled.done || pulled.stopped) return { ...pulled, rows };
    if (pulled.rows === 0) break;
    const linked = await linkPending(worker);
    if (!linked.done || linked.stopped) return { ...linked, rows };
  }
  return { rows, done: true, stopped: false };
}
