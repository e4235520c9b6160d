/**
 * The last look at rows of which a whole list could not be written (SEMANTICS 25). Rows that take unique values from each
 * other must go together, so a list is never cut through a ring:
 *
 * 0. Rows that cannot have what they are to have, whatever the others do, are set aside together (domain/taken-values.ts).
 * 1. Rows are put into groups, along who holds what another one is to have; lists shrink by whole groups.
 * 2. Of a group that fails each row is tried alone. One that goes is written; one that its own values keep out is set aside.
 * 3. What is left, if anything moved, goes together once more; and at last by taking all of its rows out and putting them in
 *    again in one statement, where that is safe (sql/rings.ts): the way for a value that may not be NULL in between.
 * 4. What still stands in its own way is set aside: the value is held by a row that keeps it.
 */
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import { readExclusiveKeys, releasableOf, type ExclusiveKeys } from '../catalog/read-exclusive-keys.ts';
import { replaceRows, replaceable } from '../sql/rings.ts';
import { takers } from '../sql/taken.ts';
import { reasonFor } from './blame.ts';
import { reasonOf, type Reason } from './reason.ts';
import type { SliceProgress } from './slice.ts';
import type { Worker } from './worker.ts';
import type { LastLook } from './write-batch.ts';

type Keys = readonly string[];

/** What the list of parked rows does with some of its keys. */
export interface ListWork {
  stage(keys: Keys): Promise<true>;
  /** Writes all of them or none. */
  write(keys: Keys, how?: LastLook): Promise<Step>;
  /** Sets aside those that want what a row has that keeps it. @returns the others */
  setAsideTaken?(keys: Keys): Promise<Keys | SliceProgress>;
  setAside(key: string, reason: Reason): Promise<Step>;
}
/** `true`: go on; otherwise the look ends here for now. */
export type Step = true | SliceProgress;

const SHRINK = 8;

/** Groups of keys that are connected by the pairs. */
export function groupsOf(keys: Keys, pairs: readonly (readonly [string, string])[]): readonly Keys[] {
  const leader = new Map(keys.map((key) => [key, key]));
  const find = (key: string): string => {
    let at = key;
    for (let next = leader.get(at); next !== undefined && next !== at; next = leader.get(at)) at = next;
    return at;
  };
  for (const [one, other] of pairs) leader.set(find(one), find(other));
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const group = find(key);
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  return [...groups.values()];
}

async function connected({ target, entity }: Worker, keys: Keys, exclusive: ExclusiveKeys): Promise<readonly Keys[]> {
  const pairs: [string, string][] = [];
  for (const sql of takers(entity, exclusive))
    for (const row of await target.rows<{ taker: string; holder: string }>(sql)) pairs.push([row.taker, row.holder]);
  return groupsOf(keys, pairs);
}

async function replacement({ target, entity }: Worker): Promise<string | null> {
  const { may, columns } = await target.one<{ may: string; columns: string }>(replaceable(entity));
  return may === 'true' ? replaceRows(entity, JSON.parse(columns) as string[]) : null;
}

/** The step, or why the rows cannot be written. @param alone the only row */
const tried = (worker: Worker, step: Promise<Step>, alone?: string): Promise<Step | Reason> =>
  step.catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    return alone === undefined ? reasonOf(worker.entity, error) : reasonFor(worker, alone, error);
  });
/** A table that others do not let go of is no reason to fail: its rows are set aside, and the next run tries again. */
const unlessBusy = (error: unknown): null => {
  if (error instanceof PortageError && error.code === 'M010') return null;
  throw error;
};
/** A row whose values cannot even be looked at is found when its turn comes. */
const unlessRefused =
  (keys: Keys) =>
  (error: unknown): Keys => {
    if (error instanceof DataError) return keys;
    throw error;
  };
const refused = (result: Step | Reason): result is Reason => result !== true && 'text' in result;

/** Steps 2 to 4. */
async function workGroup(worker: Worker, group: Keys, list: ListWork, exclusive: ExclusiveKeys): Promise<Step> {
  const how = { release: releasableOf(worker.entity, exclusive) };
  let left: Keys = group;
  for (let moved = true; moved && left.length > 0;) {
    moved = false;
    const waiting: string[] = [];
    for (const key of left) {
      const result = await tried(worker, list.write([key]), key);
      if (refused(result) && result.taken === true && group.length > 1) {
        waiting.push(key);
        continue;
      }
      const step = refused(result) ? await list.setAside(key, result) : result;
      if (step !== true) return step;
      moved = true;
    }
    left = waiting;
    if (!moved || left.length < 2) continue;
    const together = await tried(worker, list.write(left, how));
    if (!refused(together)) return together;
  }
  const replace = left.length > 1 ? await replacement(worker) : null;
  const replaced = replace === null ? null : await tried(worker, list.write(left, { replace })).catch(unlessBusy);
  if (replaced !== null && !refused(replaced)) return replaced;
  for (const key of left) {
    const result = await tried(worker, list.write([key]), key);
    const step = refused(result) ? await list.setAside(key, result) : result;
    if (step !== true) return step;
  }
  return true;
}

/** Stages what can be read of the keys, and sets the others aside. @returns the keys staged */
async function stageReadable(worker: Worker, keys: Keys, list: ListWork): Promise<Keys | SliceProgress> {
  const staged = await tried(worker, list.stage(keys), keys.length === 1 ? keys[0] : undefined);
  if (!refused(staged)) return keys;
  if (keys.length === 1) {
    const step = await list.setAside(keys[0] ?? '', staged);
    return step === true ? [] : step;
  }
  const middle = Math.ceil(keys.length / 2);
  const readable: string[] = [];
  for (const half of [keys.slice(0, middle), keys.slice(middle)]) {
    const found = await stageReadable(worker, half, list);
    if ('done' in found) return found;
    readable.push(...found);
  }
  if (readable.length > 0) await list.stage(readable);
  return readable;
}

/** Rows of a list that could not be written as a whole. */
export async function workApart(worker: Worker, all: Keys, list: ListWork): Promise<Step> {
  const keys = await stageReadable(worker, all, list);
  if ('done' in keys) return keys;
  const left = list.setAsideTaken === undefined ? keys : await list.setAsideTaken(keys).catch(unlessRefused(keys));
  if ('done' in left) return left;
  if (left.length === 0) return true;
  if (left.length < all.length) {
    const rest = await tried(worker, list.write(left));
    if (!refused(rest)) return rest;
    await list.stage(left);
  }
  return workGroups(worker, left, list, await readExclusiveKeys(worker.target, worker.entity));
}

/** Steps 1 to 4. The keys are staged. */
async function workGroups(worker: Worker, keys: Keys, list: ListWork, exclusive: ExclusiveKeys): Promise<Step> {
  const groups = await connected(worker, keys, exclusive);
  if (groups.length === 1) return workGroup(worker, keys, list, exclusive);
  const most = Math.max(1, Math.floor(keys.length / SHRINK));
  for (let i = 0; i < groups.length;) {
    const part: string[] = [...(groups[i++] ?? [])];
    while (i < groups.length && part.length + (groups[i]?.length ?? 0) <= most) part.push(...(groups[i++] ?? []));
    const result = await tried(worker, list.write(part, { release: releasableOf(worker.entity, exclusive) }));
    const step = refused(result) ? await workGroups(worker, part, list, exclusive) : result;
    if (step !== true) return step;
  }
  return true;
}
