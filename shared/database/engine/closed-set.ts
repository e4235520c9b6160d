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
import type { CompiledReference } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { transaction } from '../session.ts';
import { demote, missingParents, resolveWithin } from '../sql/closure.ts';
import { gather } from '../sql/decide.ts';
import type { KeyRange } from '../sql/range.ts';
import { allOf, inRange } from '../sql/range.ts';
import { unpark } from '../sql/record.ts';
import { createScratch, emptyStage, stage, work } from '../sql/scratch.ts';
import { beginBatch, countActions, endBatch } from './batch-frame.ts';
import { classify } from './batch.ts';
import { pullForStaged, waitsFor, type Look } from './pull.ts';
import type { SliceProgress } from './slice.ts';
import { stageRows } from './stage-rows.ts';
import { findVanished } from './vanished.ts';
import type { Worker } from './worker.ts';
import { writeBatch } from './write-batch.ts';

const WHOLE = { from: null, to: null };
const MOST_KEYS = 2000;
/** Work beside the ranges of a slice is recorded under this number. */
const NO_SLICE = -1;
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

/** Step 1. @throws PortageError M007 when the set grows beyond `most` rows. */
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
        const before = await rowsStaged(parent);
        await stageRows(parent, { keys });
        const added = (await rowsStaged(parent)) - before;
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
async function decide(batches: readonly Begun[], { worker: seed, own }: Seed, later: readonly string[]): Promise<void> {
  for (const { worker } of batches) {
    const { map, mode, entity } = worker;
    const facts = { map, mode, unmapped: false, final: true, later: waitsFor(entity, later), dry: false };
    await worker.target.run(gather(entity, WHOLE, facts));
    if (entity === seed.entity && 'range' in own && mode !== 'missing-only') await findVanished(worker, own.range);
  }
  await settle(batches.map((batch) => batch.worker));
  for (const { worker } of batches) await classify(worker, false);
}

/** Condition over the alias: the row is one of the seed's own, and did not come because another needs it. */
const ownRows = ({ worker, own }: Seed, alias: 'g' | 'w'): string =>
  'range' in own
    ? allOf(inRange(worker.entity.order, `${alias}.k`, own.range))
    : `${alias}.k::text = ANY (ARRAY[${own.keys.map(quoteLiteral).join(', ')}]::text[])`;

const rowsStaged = async ({ target, entity }: Worker, which = 'true'): Promise<number> =>
  Number((await target.one(`SELECT count(*) AS rows FROM ${stage(entity)} g WHERE ${which}`))['rows']);

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
