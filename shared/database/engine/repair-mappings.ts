/** Mends the mappings that `inspectMappingRange` found: from the rows that bear the identities, and from the derivation. */
import { randomUUID } from 'node:crypto';
import { NOTHING } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import { classifyFaults, createFaults, emptyFaults, findBearers, judgeMappings } from '../sql/mappings.ts';
import { choose, countWishes, holdersOutside, lockWanted, refuseShared, remap } from '../sql/remap.ts';
import { copyIn, createScratch, dropAmbiguous, emptyStage, stage } from '../sql/scratch.ts';
import { copyOut } from '../sql/source.ts';
import { inListBatch } from './batch.ts';
import { copyRows } from './copy-rows.ts';
import type { Worker } from './worker.ts';
import { pagesOf } from './most-keys.ts';

/** A chain in which each holds the next one's row is followed this far; what hangs on a longer one stays, and is counted so. */
const MOST_ROUNDS = 50;

export interface MappingRepair {
  readonly made: number;
  readonly remapped: number;
  readonly kept: number;
  /** Of the remapped: their row is not there, and a migration has to write it. */
  readonly vacant: number;
  readonly stopped: boolean;
}

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** Stages the keys' rows and judges them, then those who hold a row that one of them wants, until nobody outside is concerned. */
async function judgeAll(
  { source, target }: Sides,
  entity: CompiledEntity,
  map: string,
  keys: readonly string[],
): Promise<void> {
  await target.run(`${createScratch(entity)}; ${emptyStage(entity)}; ${createFaults}; ${emptyFaults}`);
  let next = keys;
  for (let round = 0; next.length > 0 && round < MOST_ROUNDS; round++) {
    await copyRows(source, copyOut(entity, { keys: next }), target, copyIn(entity));
    if (!entity.keyIsUnique) await target.run(dropAmbiguous(entity));
    await target.run(judgeMappings(entity, stage(entity), map, true));
    for (const statement of findBearers(entity, stage(entity), true)) await target.run(statement);
    next = (await target.rows<{ key: string }>(holdersOutside(entity))).map((row) => row.key);
  }
  await target.run(classifyFaults);
}

async function decideAll(target: Session, entity: CompiledEntity): Promise<Omit<MappingRepair, 'stopped'>> {
  for (const statement of choose(entity)) await target.run(statement);
  while ((await target.run(refuseShared(entity))) > 0);
  const wishes = await target.one(countWishes, [entity.target.matchesIdentity !== null]);
  return {
    made: Number(wishes['mapped']),
    remapped: Number(wishes['remapped']),
    kept: Number(wishes['kept']),
    vacant: Number(wishes['vacant']),
  };
}

/** What a repair would do; nothing is written. */
export async function foreseeRemaps(
  sides: Sides,
  entity: CompiledEntity,
  map: string,
  keys: readonly string[],
): Promise<MappingRepair> {
  let total = { made: 0, remapped: 0, kept: 0, vacant: 0 };
  for (const page of pagesOf(keys)) {
    await judgeAll(sides, entity, map, page);
    total = added(total, await decideAll(sides.target, entity));
  }
  return { ...total, stopped: false };
}

/** The source is read before the batch begins; under the fence all is judged again on the target as it is then. */
export async function mendMappings(worker: Worker, keys: readonly string[]): Promise<MappingRepair> {
  const { target, entity, map } = worker;
  let total = { made: 0, remapped: 0, kept: 0, vacant: 0 };
  for (const page of pagesOf(keys)) {
    await judgeAll(worker, entity, map, page);
    let done = { made: 0, remapped: 0, kept: 0, vacant: 0 };
    const outcome = await inListBatch(worker, `mappings ${randomUUID()}`, async (batchNo) => {
      await target.run(emptyFaults);
      await target.run(judgeMappings(entity, stage(entity), map, true));
      for (const statement of findBearers(entity, stage(entity), true)) await target.run(statement);
      await target.run(classifyFaults);
      done = await decideAll(target, entity);
      await target.run(lockWanted(entity));
      if (done.made + done.remapped > 0)
        for (const statement of remap(entity, { operationNo: worker.operationNo, batchNo }))
          await target.run(statement);
      return { ...NOTHING, adopted: done.made, updated: done.remapped, kept: done.kept };
    });
    if (outcome.stopped) return { ...total, stopped: true };
    total = added(total, done);
  }
  return { ...total, stopped: false };
}

const added = (
  a: Omit<MappingRepair, 'stopped'>,
  b: Omit<MappingRepair, 'stopped'>,
): Omit<MappingRepair, 'stopped'> => ({
  made: a.made + b.made,
  remapped: a.remapped + b.remapped,
  kept: a.kept + b.kept,
  vacant: a.vacant + b.vacant,
});
