/**
 * Whether keys are in the source now. Deletions come hours after the row was looked for, and a list may be taken up again
 * days later: nothing is deleted that the source has again.
 */
import { presentInSource } from '../sql/vanished.ts';
import type { Worker } from './worker.ts';

/** A key that no index of the source can find costs a look at the whole table, so more of them are asked for at once. */
const FEWEST_OF_TEXT = 20_000;
/** Rows of one transaction that deletes, also where an entity is otherwise written in one. */
const MOST = 50_000;

export const sourceChunk = ({ entity, batchRows }: Worker): number =>
  Math.min(MOST, entity.order === 'integer' ? batchRows : Math.max(batchRows, FEWEST_OF_TEXT));

export async function presentKeys({ source, entity }: Worker, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const rows = await source.rows<{ k: string }>(presentInSource(entity), [keys]);
  return rows.map((row) => row.k);
}
