/** What a validation found, as its answer shows it. */
import type { Session } from '../session.ts';

export type FindingKind = 'missing' | 'extra' | 'value' | 'orphan' | 'wrong_parent' | 'mapping';

/** Numbers by entity and kind. */
export async function countFindings(
  target: Session,
  operationNo: number,
): Promise<ReadonlyMap<string, Readonly<Partial<Record<FindingKind, number>>>>> {
  const rows = await target.rows<{ entity: string; kind: FindingKind; rows: string }>(
    `SELECT e.entity, f.kind, count(*) AS rows FROM portage.validation_findings f JOIN portage.entities e USING (entity_id) WHERE f.operation_no = $1 GROUP BY 1, 2`,
    [operationNo],
  );
  const counts = new Map<string, Partial<Record<FindingKind, number>>>();
  for (const { entity, kind, rows: count } of rows)
    counts.set(entity, { ...counts.get(entity), [kind]: Number(count) });
  return counts;
}

export interface ListedFinding {
  readonly entity: string;
  readonly legacyKey: string;
  readonly kind: FindingKind;
  readonly columns: readonly string[];
  readonly reasons: Readonly<Record<string, string>>;
  readonly reason: string;
}

/** Findings by entity, key and kind, a page at a time: there may be as many as there are rows. */
export async function* findingsOf(target: Session, operationNo: number, page = 1_000): AsyncGenerator<ListedFinding> {
  for (let after = ['0', '', '']; ;) {
    const rows = await target.rows(
      `SELECT f.entity_id, e.entity, f.legacy_key, f.kind, to_json(f.columns) AS columns, f.reasons, f.reason FROM portage.validation_findings f JOIN portage.entities e USING (entity_id)
       WHERE f.operation_no = $1 AND (f.entity_id, f.legacy_key, f.kind) > ($2::int, $3::text COLLATE "C", $4::text) ORDER BY f.entity_id, f.legacy_key, f.kind LIMIT ${page}`,
      [operationNo, ...after],
    );
    for (const row of rows)
      yield {
        entity: row['entity'] ?? '',
        legacyKey: row['legacy_key'] ?? '',
        kind: row['kind'] as FindingKind,
        columns: JSON.parse(row['columns'] ?? '[]') as string[],
        reasons: JSON.parse(row['reasons'] ?? '{}') as Record<string, string>,
        reason: row['reason'] ?? '',
      };
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) return;
    after = [last['entity_id'] ?? '0', last['legacy_key'] ?? '', last['kind'] ?? ''];
  }
}
