/** Taking back an operation that inserted half of the rows and changed the other half, beside the operation itself. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { mebibytes, seconds, type Measured } from './measure.ts';
import { migrateOrders, runPortage } from './portage-command.ts';

const MOST_TIMES = 2;

const bytesOf = async (target: string, sql: string): Promise<number> =>
  Number((await run(target, sql))[0]?.['bytes'] ?? 0);
const UNDO = `SELECT pg_total_relation_size('portage.undo_log') + pg_total_relation_size('portage.undo_inserts') AS bytes`;
const WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes";

export async function measureRollback(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  const half = Math.floor(rows / 2);
  try {
    await run(
      sides.source,
      `CREATE TABLE held AS SELECT * FROM orders WHERE order_no > ${half}; DELETE FROM orders WHERE order_no > ${half}`,
    );
    await migrateOrders(sides);
    await run(sides.source, 'UPDATE orders SET total = total + 1; INSERT INTO orders TABLE held');
    await run(sides.target, 'VACUUM ANALYZE');
    await run(sides.target, 'CHECKPOINT');
    const [undoBefore, walBefore] = [await bytesOf(sides.target, UNDO), await bytesOf(sides.target, WAL)];
    const operation = await migrateOrders(sides);
    const [undo, wal] = [await bytesOf(sides.target, UNDO), await bytesOf(sides.target, WAL)];
    const { operationId } = JSON.parse(operation.output) as { operationId: string };
    const back = await runPortage(['differential-migration', 'rollback', '--operation-id', operationId], sides);
    const walBack = (await bytesOf(sides.target, WAL)) - wal;
    const [left] = await run(sides.target, 'SELECT count(*) AS rows FROM orders');
    if (Number(left?.['rows']) !== half)
      throw new Error(`${half} orders should be left, and ${left?.['rows'] ?? 'none'} are`);
    const factor = back.ms / operation.ms;
    const perRow = (bytes: number): string => `${Math.round(bytes / rows)} B`;
    return {
      title: `Rollback of ${rows - half} inserted and ${half} changed orders`,
      table: [
        ['', 'time', 'WAL a row', 'memory'],
        ['operation', seconds(operation.ms), perRow(wal - walBefore), mebibytes(operation.peakBytes)],
        ['rollback', seconds(back.ms), perRow(walBack), mebibytes(back.peakBytes)],
        ['undo log', '', perRow(undo - undoBefore), ''],
      ],
      figures: { rows, operationMs: operation.ms, rollbackMs: back.ms, factor, undoBytes: undo - undoBefore, walBack },
      checks: [
        { bound: `within ${MOST_TIMES} times the operation`, got: factor.toFixed(2), met: factor <= MOST_TIMES },
      ],
    };
  } finally {
    await run(
      sides.source,
      `UPDATE orders SET total = total - 1 WHERE order_no <= ${half}; DROP TABLE IF EXISTS held`,
    ).catch(() => undefined);
    await bench.drop(sides);
  }
}
