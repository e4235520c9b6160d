/** Rows that a rollback did not take back, or, of a dry run, would not: that list is a table of the session. */
import type { KeptReason } from '../../domain/kept-reasons.ts';
import type { Session } from '../session.ts';

interface KeptRow {
  readonly entity: string;
  readonly legacyId: string;
  readonly targetId: string | null;
  readonly reason: KeptReason;
  readonly columns: string[];
  readonly by: string | null;
  readonly detail: string | null;
}

interface Which {
  readonly list?: string;
  readonly reason?: KeptReason;
}
const from = ({ list = 'portage.kept_rows', reason }: Which, joined = ''): string =>
  `${list} k ${joined} WHERE k.rollback_no = $1${reason === undefined ? '' : ` AND k.reason = '${reason}'`}`;

export async function countKept(target: Session, rollbackNo: number, which: Which = {}): Promise<number> {
  const row = await target.one(`SELECT count(*) AS rows FROM ${from(which)}`, [rollbackNo]);
  return Number(row['rows']);
}

/** The first of them. */
export async function keptRows(
  target: Session,
  rollbackNo: number,
  limit: number,
  which: Which = {},
): Promise<KeptRow[]> {
  const joined =
    'JOIN portage.entities e USING (entity_id) LEFT JOIN portage.operations o ON o.operation_no = k.later_no';
  const rows = await target.rows(
    `SELECT e.entity, k.legacy_key, k.target_key, k.reason, to_json(k.columns) AS columns, o.operation_id AS by, k.detail FROM ${from(which, joined)}
     ORDER BY e.entity_id, length(k.legacy_key), k.legacy_key LIMIT $2`,
    [rollbackNo, limit],
  );
  return rows.map((row) => ({
    entity: row['entity'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    targetId: row['target_key'] ?? null,
    reason: row['reason'] as KeptReason,
    columns: JSON.parse(row['columns'] ?? '[]') as string[],
    by: row['by'] ?? null,
    detail: row['detail'] ?? null,
  }));
}
