/** Half of a table changed and a twentieth of it gone between two runs: one run carries it, in the memory of any other. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { addJob, lookAt, runJob, withOrders } from './job.ts';
import { mebibytes, perSecond, seconds, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';

const MOST_BYTES = 256 * 2 ** 20;
const CHANGED = 2;
const GONE = 20;

/** Leaves the source changed: whatever is measured after it prepares anew. */
export async function measureMuchChanged(bench: Bench, rows: number): Promise<Measured> {
  const plain = await bench.fresh();
  const sides = await withOrders(plain, 'propagating', (orders) => (orders.deletes = 'propagate'));
  try {
    const load = await migrateOrders(sides);
    await addJob(sides);
    await lookAt(sides, 'all rows');
    await run(
      sides.source,
      `DELETE FROM orders WHERE order_no % ${GONE} = 1; UPDATE orders SET total = total + 1 WHERE order_no % ${CHANGED} = 0`,
    );
    const sync = await runJob(sides);
    const [left] = await run(
      sides.target,
      `SELECT (SELECT count(*) FROM orders) AS rows, (SELECT count(*) FROM portage.undo_log WHERE operation_no = (SELECT max(operation_no) FROM portage.operations)) AS undo`,
    );
    const [source] = await run(sides.source, 'SELECT count(*) AS rows FROM orders');
    const again = await runJob(sides);
    const wanted = Math.floor(rows / CHANGED) + rows - Number(source?.['rows']);
    const complete = left?.['rows'] === source?.['rows'] && Number(left?.['undo']) === wanted;
    return {
      title: `${Math.floor(rows / CHANGED)} of ${rows} orders changed and ${rows - Number(source?.['rows'])} deleted between two runs`,
      table: [
        ['', 'time', 'rows/s', 'memory'],
        ['load', seconds(load.ms), String(perSecond(rows, load.ms)), mebibytes(load.peakBytes)],
        ['run', seconds(sync.ms), String(perSecond(wanted, sync.ms)), mebibytes(sync.peakBytes)],
        ['the next run', seconds(again.ms), '', mebibytes(again.peakBytes)],
      ],
      figures: { rows, wanted, load: load.ms, sync: sync.ms, peakBytes: sync.peakBytes },
      checks: [
        { bound: 'one run, with everything in it', got: `${left?.['undo'] ?? 'no'} rows`, met: complete },
        { bound: `under ${mebibytes(MOST_BYTES)}`, got: mebibytes(sync.peakBytes), met: sync.peakBytes < MOST_BYTES },
      ],
    };
  } finally {
    await bench.drop(sides);
  }
}
