/** Mapped rows that the source has lost: found with their range, and put on the list where the map wants them gone. */
import { gatherVanished } from '../sql/gather-vanished.ts';
import type { KeyRange } from '../sql/range.ts';
import type { Mode } from '../sql/decide.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { changedMappings } from '../sql/changed-keys.ts';
import { listLeaving, markLeaving } from '../sql/vanished.ts';
import type { Worker } from './worker.ts';

/** A full run writes what the source has and deletes nothing; one of what is missing does not look (SEMANTICS 14). */
export const appliesDeletes = (entity: CompiledEntity, mode: Mode): boolean =>
  mode === 'differential' && entity.normal.deletes !== 'report';

/** Finds them. They are not deleted here, but when all entities had their turn: rows that refer to them may go first. */
export async function findVanished(worker: Worker, range: KeyRange, except: string | null = null): Promise<void> {
  const { target, entity, operationNo, mode } = worker;
  const rows = worker.passed === undefined ? undefined : changedMappings(entity);
  await target.run(gatherVanished(entity, range, operationNo, except, rows));
  if (appliesDeletes(entity, mode)) await target.run(markLeaving(entity));
}

/** Puts those of the batch on the list. */
export const listVanished = ({ target, entity, operationNo }: Worker): Promise<number> =>
  target.run(listLeaving(entity, operationNo));
