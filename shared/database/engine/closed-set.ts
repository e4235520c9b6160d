/**
 * Rows of entities that refer to each other in a circle of NOT NULL references go together (SEMANTICS 22). Around rows that
 * are staged:
 * 1. stage by key what they refer to inside the circle and is not there yet, until nothing is missing: a closed set;
 * 2. pull what it refers to outside of the circle and is not there yet (pull.ts); 3. decide for every entity, with references
 * resolved among the staged rows; 4. write all of it in one transaction with constraints deferred. A set over the limit is an
 * error that names it.
 */
import { randomUUID } from 'node:crypto';
import type { ActionCount } from '../../domain/action-counts.ts';
import { countsOf } from '../../domain/action-counts.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { transaction } from '../transactions.ts';
import { gather } from '../sql/decide.ts';
import { readExclusiveKeys } from '../catalog/read-exclusive-keys.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { unpark } from '../sql/record.ts';
import { createScratch, emptyStage, work } from '../sql/scratch.ts';
import { parkTaken } from '../sql/taken.ts';
import { beginBatch, countActions, endBatch } from './batch-frame.ts';
import { classify } from './batch.ts';
import { close, demoteAll, rowsStaged, settle } from './closure.ts';
import { pullForStaged, waitsFor, type Look } from './pull.ts';
import type { SliceProgress } from './slice.ts';
import { findVanished } from './vanished.ts';
import type { Worker } from './worker.ts';
import { writeBatch } from './write-batch.ts';

const WHOLE = { from: null, to: null };
/** Work beside the ranges of a slice is recorded under this number. */
const NO_SLICE = -1;
/** A row set aside is counted where its own range is read, not where a closure pulled it in. */
const WRITES = new Set(['insert', 'again', 'update', 'adopt', 'rebase']);

/** Step 2. @param waiting entities whose rows wait for these, each for the one before it */
async function pullOutside(
  circle: readonly Worker[],
  later: readonly string[],
  waiting: readonly string[],
  look: Look,
): Promise<SliceProgress> {
  const known = [...waiting, ...circle.map(({ entity }) => entity.name)];
  let rows = 0;
  for (const worker of circle) {
    const pulled = await pullForStaged(worker, waitsFor(worker.entity, later), known, look);
    rows += pulled.rows;
    if (!pulled.done || pulled.stopped) return { ...pulled, rows };
  }
  return { rows, done: true, stopped: false };
}

/** Rows of a circle's entity that were staged, and go with all that they need. */
export interface Seed {
  readonly worker: Worker;
  /** Which rows they are: a range, or parked rows that have their last look. */
  readonly own: { readonly range: KeyRange } | { readonly keys: readonly string[] };
  readonly readMs: number;
  readonly bytes: number;
  /** It was refused for a value that another row has: rows that want such a value wait, and those that need them. */
  readonly apart?: boolean;
}

export type Circle = NonNullable<Awaited<ReturnType<Worker['circle']>>> & {
  /** Entities outside of the circle that still have their turn. */
  readonly later: readonly string[];
};

/** How it ended: the rows of the seed that it read, and where another worker's batch ended that was there already. */
export interface Closed {
  readonly progress: SliceProgress;
  readonly repeatedTo?: string | null;
}

/** Empties what other seeds have staged, and makes the tables of a session that has none. */
export async function clearStages(workers: readonly Worker[], except?: Worker): Promise<void> {
  for (const worker of workers) {
    if (worker.entity === except?.entity) continue;
    await worker.target.run(createScratch(worker.entity));
    await worker.target.run(emptyStage(worker.entity));
  }
}

/** Writes the seed, which is staged, with all that it needs. @param waiting as of pullOutside */
export async function writeWithNeeded(
  { workers, most, later }: Circle,
  seed: Seed,
  look: Look,
  waiting: readonly string[] = [],
): Promise<Closed> {
  await close(workers, seed.worker, most);
  const pulled = await pullOutside(workers, later, waiting, look);
  if (!pulled.done || pulled.stopped) return { progress: { ...pulled, rows: 0 } };
  return write(workers, seed, later);
}

interface Begun {
  readonly worker: Worker;
  readonly batchNo: string;
}

/** Steps 3 and 4. */
async function write(circle: readonly Worker[], seed: Seed, later: readonly string[]): Promise<Closed> {
  const { target, entity: seeded } = seed.worker;
  const range = 'range' in seed.own ? seed.own.range : { from: `parked ${randomUUID()}`, to: null };
  const started = performance.now();
  return transaction(target, async () => {
    await target.run('SET CONSTRAINTS ALL DEFERRED');
    const batches: Begun[] = [];
    for (const worker of circle) {
      const isSeed = worker.entity === seeded;
      if (!isSeed && (await rowsStaged(worker)) === 0) continue;
      // A closure is no range of its entity's slice: recorded as one, it would pass for the end of it.
      const own = isSeed && 'range' in seed.own ? worker : { ...worker, slice: NO_SLICE };
      const begun = await beginBatch(own, isSeed ? range : { from: `closure ${randomUUID()}`, to: null });
      if (begun.stopped) return { progress: { rows: 0, done: false, stopped: true } };
      if (begun.repeated) return { progress: { rows: 0, done: true, stopped: false }, repeatedTo: begun.repeated.to };
      batches.push({ worker: own, batchNo: begun.batchNo });
    }
    await decide(batches, seed, later);
    const read = await rowsStaged(seed.worker, ownRows(seed, 'g'));
    for (const { worker, batchNo } of batches) {
      const isSeed = worker.entity === seeded;
      const own = isSeed ? ownRows(seed, 'w') : null;
      const beside = await closureCounts(worker, own);
      const counted = [...(own === null ? [] : await countActions(worker, own)), ...beside];
      const unread = 'keys' in seed.own ? await unreadRows(worker, own) : 0;
      const counts = countsOf((isSeed ? read : 0) + unread, counted);
      await writeBatch(worker, batchNo, await countActions(worker), isSeed && 'keys' in seed.own ? {} : null);
      if (isSeed && 'keys' in seed.own) await target.run(unpark(seeded), [seed.own.keys]);
      const writeMs = Math.round(performance.now() - started);
      const cost = { writeMs, readMs: isSeed ? seed.readMs : 0, bytes: isSeed ? seed.bytes : 0 };
      await endBatch(worker, batchNo, counts, cost);
      const { slice, entity } = worker;
      if (isSeed)
        worker.onBatch({ entity: entity.name, slice, range, counts, ...cost, memoryBytes: process.memoryUsage.rss() });
    }
    await target.run('SET CONSTRAINTS ALL IMMEDIATE');
    return { progress: { rows: read, done: true, stopped: false } };
  });
}

/** Step 3. */
async function decide(
  batches: readonly Begun[],
  { worker: seed, own, apart }: Seed,
  later: readonly string[],
): Promise<void> {
  for (const { worker } of batches) {
    const { map, mode, entity } = worker;
    const facts = { map, mode, unmapped: false, final: true, later: waitsFor(entity, later), dry: false };
    await worker.target.run(gather(entity, WHOLE, facts));
    if (entity === seed.entity && 'range' in own && mode !== 'missing-only') await findVanished(worker, own.range);
  }
  const workers = batches.map((batch) => batch.worker);
  await settle(workers);
  for (const worker of workers) await classify(worker, false);
  if (apart === true) {
    for (const { target, entity } of workers)
      for (const park of parkTaken(entity, await readExclusiveKeys(target, entity))) await target.run(park);
    await demoteAll(workers);
  }
  if ('keys' in own) return;
  // A row beside the seed's own that waits is parked where its own range is read.
  for (const { target, entity } of workers)
    await target.run(
      `DELETE FROM ${work(entity)} w WHERE w.action = 'park'${entity === seed.entity ? ` AND NOT (${allOf(inRange(entity.order, 'w.k', own.range))})` : ''}`,
    );
}

/** Condition over the alias: the row is one of the seed's own, and did not come because another needs it. */
const ownRows = ({ worker, own }: Seed, alias: 'g' | 'w'): string =>
  'range' in own
    ? allOf(inRange(worker.entity.order, `${alias}.k`, own.range))
    : `${alias}.k::text = ANY (ARRAY[${own.keys.map(quoteLiteral).join(', ')}]::text[])`;

/** What a closure adds: rows that it wrote beside the seed's own. */
const closureCounts = async (worker: Worker, own: string | null): Promise<ActionCount[]> =>
  (await countActions(worker, own === null ? 'true' : `NOT (${own})`)).filter((count) => WRITES.has(count.action));

/** Rows that came with parked ones and that no range of this run will read: they came late too. Those that are parked have their own look. */
const unreadRows = async ({ target, entity }: Worker, own: string | null): Promise<number> =>
  Number(
    (
      await target.one(
        `SELECT count(*) AS rows FROM ${work(entity)} w WHERE w.action IN (${[...WRITES].map(quoteLiteral).join(', ')}) AND w.in_source AND NOT (${own ?? 'false'})
           AND NOT EXISTS (SELECT FROM portage.parked_rows p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = w.k::text)`,
      )
    )['rows'],
  );
