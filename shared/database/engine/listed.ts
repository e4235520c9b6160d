/**
 * Rows by key: an operation on a list of rows parks them all, and from there they take the way of every parked row
 * (link.ts): staged by key, decided and written in batches, each one's last look. Killed anywhere, what is still parked is
 * what is left to do. At the end the keys that no row was staged for are settled here.
 */
import { randomUUID } from 'node:crypto';
import type { RowCounts } from '../../domain/action-counts.ts';
import { NOTHING } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { ListedRows } from '../../domain/listed-rows.ts';
import type { Session } from '../session.ts';
import { NULL_KEY, ambiguousReason, closeListed, openAside, parkAside, parkKeys, setAsideGroup } from '../sql/aside.ts';
import { countKeys } from '../sql/source.ts';
import { inBatch } from './batch-frame.ts';
import { inListBatch } from './batch.ts';
import type { Worker } from './worker.ts';
import { MOST_KEYS, pagesOf } from './most-keys.ts';

/**
 * Parks the rows of the list, once an operation: that it was done is recorded as the one batch of the one slice, without
 * which the entity is not complete. @returns how many wait
 */
export async function parkListed(worker: Worker, listed: ListedRows): Promise<number> {
  const { target, entity, operationNo } = worker;
  await inBatch({ ...worker, slice: 0 }, { from: null, to: null }, async () => {
    if (listed.kind === 'retry') await target.run(parkAside(entity, operationNo));
    else await target.run(parkKeys(entity, operationNo), [listed.keys]);
    return { counts: NOTHING, readMs: 0 };
  });
  const { rows } = await target.one<{ rows: string }>(
    'SELECT count(*) AS rows FROM portage.parked_rows WHERE entity_id = $1 AND operation_no = $2',
    [entity.entityId, operationNo],
  );
  return Number(rows);
}

/** How many rows of the source each key stands for; one that is not there is not in the answer. */
async function rowsByKey(
  source: Session,
  entity: CompiledEntity,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await source.rows<{ key: string; rows: string }>(countKeys(entity, keys));
  return new Map(rows.map((row) => [row.key, Number(row.rows)]));
}

/** The keys that the source has no row for. */
export async function absentKeys(
  source: Session,
  entity: CompiledEntity,
  keys: readonly string[],
): Promise<readonly string[]> {
  const absent: string[] = [];
  for (const page of pagesOf(keys)) {
    const present = await rowsByKey(source, entity, page);
    absent.push(...page.filter((key) => !present.has(key)));
  }
  return absent;
}

/**
 * After the last look: a key that stands for several rows stays aside, and says so; any other that was on the list of rows
 * set aside and was not put there again has left it, because its row or its reason is gone.
 */
export async function settleListed(worker: Worker, listed: ListedRows): Promise<void> {
  if (listed.kind === 'force') {
    for (const page of pagesOf(listed.keys)) await settle(worker, page);
    return;
  }
  for (;;) {
    const { target, entity, operationNo } = worker;
    const page = await target.rows<{ legacy_key: string }>(openAside(entity, operationNo), [MOST_KEYS]);
    if (page.length === 0) return;
    const keys = page.map((row) => row.legacy_key);
    if ((await settle(worker, keys)).stopped) return;
  }
}

const settle = async (worker: Worker, keys: readonly string[]): Promise<{ readonly stopped: boolean }> => {
  const { source, target, entity, operationNo } = worker;
  const rows = await rowsByKey(
    source,
    entity,
    keys.filter((key) => key !== NULL_KEY),
  );
  const several = [...rows].filter(([, count]) => count > 1);
  return inListBatch(worker, `listed ${randomUUID()}`, async (): Promise<RowCounts> => {
    for (const [key, count] of several)
      await target.run(setAsideGroup(entity, operationNo), [key, ambiguousReason(count), count]);
    await target.run(closeListed(entity, operationNo), [keys]);
    const aside = several.reduce((sum, [, count]) => sum + count, 0);
    return { ...NOTHING, read: aside, setAside: aside };
  });
};

/** Rows that could not be written get another look, although nothing says that they changed: their reason may be gone. */
export const parkAsideAgain = ({ target, entity, operationNo }: Worker): Promise<number> =>
  target.run(parkAside(entity, operationNo));
