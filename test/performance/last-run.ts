/** What the batches of the last operation counted. */
import { run } from './databases.ts';

export async function lastRun(target: string): Promise<{ readonly read: number; readonly updated: number }> {
  const [sums] = await run(
    target,
    `SELECT sum(b.rows_read) AS read, sum(b.updated) AS updated FROM portage.migration_batches b JOIN portage.migration_checkpoints c ON c.id = b.checkpoint_id
     WHERE c.operation_id = (SELECT operation_id FROM portage.operations ORDER BY operation_no DESC LIMIT 1)`,
  );
  return { read: Number(sums?.['read'] ?? 0), updated: Number(sums?.['updated'] ?? 0) };
}
