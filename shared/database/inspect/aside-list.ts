/** The work list of rows set aside, as a person or a program reads it: key and reason, never a value of the row. */
import type { Session } from '../session.ts';

export interface AsideRow {
  readonly entity: string;
  readonly legacyId: string;
  readonly code: string;
  readonly column: string | null;
  readonly reason: string;
  readonly state: 'open' | 'ignored';
  readonly ignoredReason: string | null;
  readonly operationId: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface AsideFilter {
  readonly mapName: string;
  readonly entities: readonly string[];
}

const OF_LIST = `FROM portage.set_aside_rows a JOIN portage.entities e USING (entity_id) JOIN portage.operations o USING (operation_no)
  WHERE e.map_name = $1 AND e.entity = ANY ($2) AND a.state IN ('open', 'ignored')`;
const MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"';

/** Open ones before ignored ones, by entity, code and key; `after` is where the page before ended. */
export async function asidePage(
  target: Session,
  { mapName, entities }: AsideFilter,
  rows: number,
  after: AsideRow | null = null,
): Promise<readonly AsideRow[]> {
  const order = `(a.state = 'ignored'), e.entity COLLATE "C", a.code COLLATE "C", a.legacy_key`;
  const page = await target.rows(
    `SELECT e.entity, a.legacy_key, a.code, a.column_name, a.reason, a.state, a.ignored_reason, o.operation_id,
       to_char(a.first_seen, '${MOMENT}') AS first_seen, to_char(a.last_seen, '${MOMENT}') AS last_seen ${OF_LIST}
       AND ($3::boolean IS NULL OR (${order}) > ($3, $4, $5, $6)) ORDER BY ${order} LIMIT ${rows}`,
    [
      mapName,
      entities,
      after === null ? null : after.state === 'ignored',
      after?.entity ?? null,
      after?.code ?? null,
      after?.legacyId ?? null,
    ],
  );
  return page.map((row) => ({
    entity: row['entity'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    code: row['code'] ?? '',
    column: row['column_name'] ?? null,
    reason: row['reason'] ?? '',
    state: row['state'] as AsideRow['state'],
    ignoredReason: row['ignored_reason'] ?? null,
    operationId: row['operation_id'] ?? '',
    firstSeen: row['first_seen'] ?? '',
    lastSeen: row['last_seen'] ?? '',
  }));
}

export async function asideCounts(
  target: Session,
  { mapName, entities }: AsideFilter,
): Promise<{ readonly open: number; readonly ignored: number }> {
  const row = await target.one<{ open: string; ignored: string }>(
    `SELECT count(*) FILTER (WHERE a.state = 'open') AS open, count(*) FILTER (WHERE a.state = 'ignored') AS ignored ${OF_LIST}`,
    [mapName, entities],
  );
  return { open: Number(row.open), ignored: Number(row.ignored) };
}

export interface AsideKind {
  readonly entity: string;
  readonly code: string;
  readonly column: string | null;
  readonly rows: number;
  /** Of one of them. */
  readonly reason: string;
}

/** What is in the way, and of how many rows: causes before what only follows from a parent that is set aside itself. */
export async function asideKinds(target: Session, { mapName, entities }: AsideFilter): Promise<readonly AsideKind[]> {
  const kinds = await target.rows(
    `SELECT e.entity, a.code, a.column_name, count(*) AS rows, min(a.reason) AS reason ${OF_LIST} AND a.state = 'open'
     GROUP BY 1, 2, 3 ORDER BY a.code = 'M003', count(*) DESC, 1, 2, 3 LIMIT 50`,
    [mapName, entities],
  );
  return kinds.map((row) => ({
    entity: row['entity'] ?? '',
    code: row['code'] ?? '',
    column: row['column_name'] ?? null,
    rows: Number(row['rows']),
    reason: row['reason'] ?? '',
  }));
}
