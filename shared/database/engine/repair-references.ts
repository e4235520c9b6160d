/** Sets the references that `inspectRange` found and the mapping proves, batch by batch, each in one transaction under the fence. */
import { randomUUID } from 'node:crypto';
import { NOTHING } from '../../domain/action-counts.ts';
import { DataError } from '../pg-errors.ts';
import { countMends, createMends, lockMends, passMends, refuseMend, writeMends } from '../sql/mend-references.ts';
import type { ReferenceSides } from '../sql/references.ts';
import { inListBatch } from './batch.ts';
import { reasonOf } from './reason.ts';
import type { Worker } from './worker.ts';

/** How far a failing batch shrinks at a time. */
const SHRINK = 8;
/** Rows of one transaction. */
const MOST = 10_000;

export interface Mended {
  readonly mended: number;
  readonly refused: number;
  readonly stopped: boolean;
}

/** Works through what is open in `broken_references` of one reference. */
export async function mendReferences(worker: Worker, sides: ReferenceSides): Promise<Mended> {
  const { target, entity } = worker;
  const most = Math.min(MOST, worker.batchRows);
  let size = most;
  await target.run(createMends);
  for (;;) {
    const counts = await target.one(countMends(sides));
    const progress = { mended: Number(counts['mended']), refused: Number(counts['refused']) };
    if (counts['open'] === '0') return { ...progress, stopped: false };
    const label = `reference ${sides.reference.column} ${randomUUID()}`;
    try {
      const outcome = await inListBatch(worker, label, async (batchNo) => {
        const locked = await target.run(lockMends(sides, size));
        await target.run(passMends(sides, size));
        if (locked > 0)
          for (const statement of writeMends(sides, { operationNo: worker.operationNo, batchNo }))
            await target.run(statement);
        await target.run('SET CONSTRAINTS ALL IMMEDIATE');
        return { ...NOTHING, updated: locked };
      });
      if (outcome.stopped) return { ...progress, stopped: true };
      size = Math.min(most, size * SHRINK);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (size > 1) {
        size = Math.max(1, Math.floor(Math.min(size, Number(counts['open'])) / SHRINK));
        continue;
      }
      await target.run(refuseMend(sides), [reasonOf(entity, error).text]);
    }
  }
}
