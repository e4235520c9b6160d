/** What a restore would do with the rows of an entity, found by reading: the same decisions, and no write after them. */
import { addCounts, countsOf, NOTHING, type RowCounts } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { countActions } from '../engine/batch-frame.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';
import * as restore from '../sql/restore.ts';
import * as waiting from '../sql/restore-wait.ts';
import { work } from '../sql/scratch.ts';
import { counted, type Restoring } from './restore-batch.ts';
import { batchesOf } from './restore-entity.ts';
import { stageRows } from './stage-rows.ts';

export interface Foreseen {
  readonly counts: RowCounts;
  /** The first rows that would stay as they are. */
  readonly kept: readonly { readonly key: string; readonly reason: 'occupied' | 'refused'; readonly detail: string }[];
}

/** An entity that the ledger does not know yet has no mapping: an empty table stands for those of its rows. */
export async function mappable(target: Session, entity: CompiledEntity): Promise<CompiledEntity> {
  if (entity.leaf !== null) return entity;
  await target.run('CREATE TEMP TABLE IF NOT EXISTS no_mappings (LIKE portage.uuid_mappings)');
  return { ...entity, leaf: 'pg_temp.no_mappings', entityId: 0 };
}

type Table = { readonly schema: string; readonly name: string };

/** @param tables of which rows are restored too: a parent in them counts as there */
export async function estimateRestored(
  one: Restoring,
  tables: readonly Table[],
  most: number,
  inTime: () => void,
): Promise<Foreseen> {
  const { target, entity } = one.worker;
  const outside = one.references.filter(
    ({ key }) => !tables.some((table) => table.schema === key.schema && table.name === key.table),
  );
  const kept: Foreseen['kept'][number][] = [];
  let counts = NOTHING;
  let done = 0;
  await target.run(restore.createRestoreScratch(entity));
  for await (const batch of batchesOf(one, 0)) {
    inTime();
    const last = (await stageRows(target, entity, batch, one.comparable)) ?? done;
    const range = { from: done, to: last };
    await transaction(target, async () => {
      const occupied = restore.occupiedByIdentity(entity);
      await target.run(restore.gatherRestored(entity, one.surrogate, range));
      await target.run(restore.judgeRestored(entity));
      if (occupied !== null) await target.run(occupied);
      for (const reference of outside) await target.run(restore.demote(entity, reference, []));
      const actions = (await countActions(one.worker)).map(counted);
      const seen = countsOf(last - done, actions);
      // What waits for a row of no entity of the backup waits for ever.
      counts = addCounts(counts, { ...seen, kept: seen.kept + seen.parked, parked: 0 });
      if (kept.length < most && (seen.kept > 0 || seen.parked > 0))
        kept.push(...(await keptOf(target, entity, most - kept.length)));
    });
    done = last;
  }
  return { counts, kept };
}

async function keptOf(target: Session, entity: CompiledEntity, most: number): Promise<Foreseen['kept']> {
  const rows = await target.rows<{ k: string; action: string; missing: string | null }>(
    `SELECT w.k::text AS k, w.action, array_to_string(w.missing, ', ') AS missing FROM ${work(entity)} w WHERE w.action IN ('occupied', 'park') ORDER BY w.k LIMIT ${most}`,
  );
  return rows.map(({ k, action, missing }) => ({
    key: k,
    reason: action === 'park' ? 'refused' : 'occupied',
    detail: action === 'park' ? `the row that ${missing ?? ''} refers to is not there` : waiting.OCCUPIED,
  }));
}
