/** What an operation decided on rows that both sides changed, and what it could not decide. */
import type { Session } from '../session.ts';

/** How many rows each rule settled. */
export async function settledBy(target: Session, operationNo: number): Promise<Record<string, number>> {
  const rows = await target.rows<{ rule: string; rows: string }>(
    'SELECT rule, count(*) AS rows FROM portage.conflict_decisions WHERE operation_no = $1 GROUP BY rule ORDER BY rule',
    [operationNo],
  );
  return Object.fromEntries(rows.map((row) => [row.rule, Number(row.rows)]));
}

/** The same by entity. */
export async function settledByEntity(
  target: Session,
  operationNo: number,
): Promise<readonly { readonly entity: string; readonly rule: string; readonly rows: number }[]> {
  const rows = await target.rows<{ entity: string; rule: string; rows: string }>(
    `SELECT e.entity, d.rule, count(*) AS rows FROM portage.conflict_decisions d JOIN portage.entities e USING (entity_id)
     WHERE d.operation_no = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [operationNo],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

/** A sentence for each entity with rows that its strategy was asked about and could not settle (S005). */
export async function undecidedOf(target: Session, operationNo: number): Promise<readonly string[]> {
  const rows = await target.rows<{ entity: string; rows: string }>(
    `SELECT entity_type AS entity, count(*) AS rows FROM portage.data_differentials
     WHERE operation_no = $1 AND NOT resolved AND reason LIKE '%; S005: %' GROUP BY 1 ORDER BY 1`,
    [operationNo],
  );
  return rows.map(
    ({ entity, rows: count }) =>
      `S005 ${entity}: ${count} ${count === '1' ? 'conflict stays' : 'conflicts stay'} open, because the strategy cannot decide and no second one is named that can`,
  );
}
