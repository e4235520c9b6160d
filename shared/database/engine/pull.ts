/**
 * Parents that the source got after their entity had its turn in this run (SEMANTICS 23): their rows are parked in their own
 * entity and take the way of every parked row (link.ts), which pulls their own parents first, and so on. Only entities of
 * this run are pulled, because only those are ours to write: what nobody chose is not carried, its children are set aside.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { notSetAside, parkParents, presentKeys, unmappedParents } from '../sql/pull.ts';
import { raiseSequences } from './finish.ts';
import type { SliceProgress } from './slice.ts';
import type { Worker } from './worker.ts';

/** Half of an advisory lock's name, "pull" in ASCII; the other is the entity's number. */
const PULL_LOCK = 1886743660;

/** Gives the parked rows of an entity their look: link.ts, handed in because it begins here. */
export type Look = (owner: Worker, waiting: readonly string[]) => Promise<SliceProgress>;

const NONE: SliceProgress = { rows: 0, done: true, stopped: false };

/** Unqualified names of an expression mean tables of its own entity's schema. */
export async function inSchemasOf<T>(
  source: Session,
  entities: readonly CompiledEntity[],
  work: () => Promise<T>,
): Promise<T> {
  const schemas = new Set(['pg_catalog', ...entities.map((entity) => entity.source.schema)]);
  const { path } = await source.one<{ path: string }>("SELECT current_setting('search_path') AS path");
  await source.run("SELECT set_config('search_path', $1, false)", [[...schemas].map(quoteIdentifier).join(', ')]);
  try {
    return await work();
  } finally {
    // A connection that is gone has no settings either.
    await source.run("SELECT set_config('search_path', $1, false)", [path]).catch(() => undefined);
  }
}

/** One child at a time: two that pull the same parent would both insert it, and with a row of a circle all that it needs there. */
async function alone<T>(target: Session, entityId: number, work: () => Promise<T>): Promise<T> {
  await target.run('SELECT pg_advisory_lock($1, $2)', [PULL_LOCK, entityId]);
  try {
    return await work();
  } finally {
    // A connection that is gone has given its locks back.
    await target.run('SELECT pg_advisory_unlock($1, $2)', [PULL_LOCK, entityId]).catch(() => undefined);
  }
}

/** @returns how many of the rows the source had */
async function pull(child: Worker, owner: Worker, keys: readonly string[], look: () => Promise<SliceProgress>) {
  const { source, target, entity, operationNo } = owner;
  return inSchemasOf(source, [entity], async () => {
    const keysOf = (rows: readonly { key: string }[]): readonly string[] => rows.map((row) => row.key);
    const untried = keysOf(await target.rows(notSetAside(entity, operationNo), [keys]));
    const present = untried.length === 0 ? [] : keysOf(await source.rows(presentKeys(entity, untried)));
    if (present.length === 0) return NONE;
    const circle = (await owner.circle())?.workers ?? [owner];
    const first = Math.min(...circle.map((one) => one.entity.entityId ?? 0));
    return alone(target, first, async () => {
      await target.run(parkParents(entity, operationNo), [present, child.entity.name]);
      const looked = await look();
      if (looked.rows > 0) await raiseSequences(target, entity);
      return { ...looked, rows: present.length };
    });
  });
}

/**
 * Carries the rows of a parent that exist, where the run has the entity and nobody else has taken it over since.
 * @param waiting the entities whose staged rows wait for this, each for the one before it
 */
export async function pullParents(
  child: Worker,
  parent: string,
  keys: readonly string[],
  waiting: readonly string[],
  look: Look,
): Promise<SliceProgress> {
  const owner = keys.length === 0 ? null : await child.workerOn(parent);
  if (owner === null) return NONE;
  try {
    return await pull(child, owner, keys, () => look(owner, waiting));
  } catch (error) {
    if (error instanceof PortageError && error.code === 'M011') return NONE;
    throw error;
  }
}

/**
 * Pulls what staged rows lack. A reference back to an entity that is waiting itself is not followed: it was cut, and is set
 * afterwards (pull-pending.ts). So a chain of parents is never longer than there are entities.
 * @param later columns of parents that still have their turn
 */
export async function pullForStaged(
  worker: Worker,
  later: readonly string[],
  waiting: readonly string[],
  look: Look,
): Promise<SliceProgress> {
  let rows = 0;
  const staged = [...waiting, worker.entity.name];
  for (const reference of worker.entity.references) {
    if (reference.parentLeaf === null || staged.includes(reference.parent) || later.includes(reference.column))
      continue;
    const missing = await worker.target.rows<{ key: string }>(unmappedParents(worker.entity, reference));
    const keys = missing.map((row) => row.key);
    const pulled = await pullParents(worker, reference.parent, keys, staged, look);
    rows += pulled.rows;
    if (!pulled.done || pulled.stopped) return { ...pulled, rows };
  }
  return { rows, done: true, stopped: false };
}

/** Columns of references that were cut, to entities that have their turn later. */
export const waitsFor = (entity: CompiledEntity, later: readonly string[]): readonly string[] =>
  entity.references
    .filter((reference) => reference.cut && reference.parent !== entity.name && later.includes(reference.parent))
    .map((reference) => reference.column);
