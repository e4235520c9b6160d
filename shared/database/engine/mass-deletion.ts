/** The stop before an entity's first deletion (SEMANTICS 17, M006). */
import {
  isMassDeletion,
  massDeletionText,
  type DeleteAllowance,
  type DeleteCount,
} from '../../domain/mass-deletion.ts';
import { PortageError } from '../../domain/errors.ts';
import { unhurried } from '../session.ts';
import { countListed, countMapped, listedAfter, takeOff } from '../sql/vanished.ts';
import { presentKeys, sourceChunk } from './present-keys.ts';
import type { Worker } from './worker.ts';

export interface DeleteLimit {
  readonly allowance: DeleteAllowance | null;
  readonly thresholdPercent: number | undefined;
}

/** Takes keys off the list that the source has again: who mended his source is not stopped for what it was. */
async function forgetPresent(worker: Worker): Promise<void> {
  const { target, entity, operationNo } = worker;
  for (let after = ''; ;) {
    const limit = sourceChunk(worker);
    const keys = (await target.rows<{ legacy_key: string }>(listedAfter(entity, operationNo), [after, limit])).map(
      (row) => row.legacy_key,
    );
    const present = await presentKeys(worker, keys);
    if (present.length > 0) await target.run(takeOff(entity), [present]);
    if (keys.length < limit) return;
    after = keys.at(-1) ?? '';
  }
}

/** What stops the deletions of the entity; null where nothing does. Once some of them were done, the rest may be. */
export async function massDeletion(worker: Worker, limit: DeleteLimit): Promise<PortageError | null> {
  const { target, entity, operationNo, checkpointId } = worker;
  const begun = await target.one<{ present: string }>(
    'SELECT EXISTS (SELECT FROM portage.migration_batches WHERE checkpoint_id = $1 AND slice < 0 AND deleted > 0)::text AS present',
    [checkpointId],
  );
  if (begun.present === 'true') return null;
  const count = async (): Promise<DeleteCount> =>
    unhurried(target, async () => ({
      deletions: Number((await target.one(countListed(entity, operationNo)))['rows']),
      mapped: Number((await target.one(countMapped(entity)))['rows']),
    }));
  const stops = (counted: DeleteCount): boolean => isMassDeletion(counted, limit.allowance, limit.thresholdPercent);
  if (!stops(await count())) return null;
  await forgetPresent(worker);
  const counted = await count();
  return stops(counted)
    ? new PortageError('M006', massDeletionText(entity.name, counted, limit.thresholdPercent), { where: entity.name })
    : null;
}
