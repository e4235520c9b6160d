/** Conflicts as the ledger has them: how many, how old, and what they have in common. */
import type { Session } from '../session.ts';
import type { OpenConflict } from '../ledger/conflicts.ts';

const OF_MAP = 'portage.data_differentials d JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1';
/** The oldest ones, enough to begin with. */
const MOST_SHOWN = 100;

export interface ConflictCount {
  readonly entity: string;
  readonly kind: string;
  readonly open: number;
  readonly resolved: number;
  readonly ages: { readonly day: number; readonly week: number; readonly older: number };
  readonly oldest: string | null;
}

export async function conflictCounts(target: Session, mapName: string, openOnly: boolean): Promise<ConflictCount[]> {
  const rows = await target.rows(
    `SELECT e.entity, d.comparison_type AS kind, count(*) FILTER (WHERE NOT d.resolved) AS open, count(*) FILTER (WHERE d.resolved) AS resolved,
       count(*) FILTER (WHERE NOT d.resolved AND d.first_seen > now() - interval '1 day') AS day,
       count(*) FILTER (WHERE NOT d.resolved AND d.first_seen <= now() - interval '1 day' AND d.first_seen > now() - interval '7 days') AS week,
       count(*) FILTER (WHERE NOT d.resolved AND d.first_seen <= now() - interval '7 days') AS older,
       to_char(min(d.first_seen) FILTER (WHERE NOT d.resolved), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS oldest
     FROM ${OF_MAP}${openOnly ? ' AND NOT d.resolved' : ''} GROUP BY 1, 2 ORDER BY 1, 2`,
    [mapName],
  );
  return rows.map((row) => ({
    entity: row['entity'] ?? '',
    kind: row['kind'] ?? '',
    open: Number(row['open']),
    resolved: openOnly ? 0 : Number(row['resolved']),
    ages: { day: Number(row['day']), week: Number(row['week']), older: Number(row['older']) },
    oldest: row['oldest'] ?? null,
  }));
}

export async function oldestOpen(target: Session, mapName: string): Promise<OpenConflict[]> {
  const rows = await target.rows(
    `SELECT d.id, e.entity, d.legacy_key, d.comparison_type, d.reason FROM ${OF_MAP} AND NOT d.resolved ORDER BY d.first_seen, d.legacy_key LIMIT ${MOST_SHOWN}`,
    [mapName],
  );
  return rows.map((row) => ({
    conflictId: row['id'] ?? '',
    entity: row['entity'] ?? '',
    legacyId: row['legacy_key'] ?? '',
    kind: row['comparison_type'] ?? '',
    code: row['comparison_type'] === 'conflict' ? 'S005' : '',
    reason: row['reason'] ?? '',
  }));
}

interface Counted {
  readonly name: string;
  readonly rows: number;
}
export interface Patterns {
  readonly total: number;
  readonly open: number;
  readonly byColumn: Counted[];
  readonly byKind: Counted[];
  readonly byReason: Counted[];
  readonly byHour: { readonly hour: number; readonly rows: number }[];
  readonly byRule: Counted[];
}

/** Of one entity, first seen in the last days. */
export async function conflictPatterns(
  target: Session,
  mapName: string,
  entity: string,
  lastDays: number,
): Promise<Patterns> {
  const from = `(SELECT d.* FROM ${OF_MAP} AND e.entity = $2 AND d.first_seen > now() - make_interval(days => $3)) d`;
  const values = [mapName, entity, lastDays];
  const counted = async (name: string, more = '', where = 'true'): Promise<Counted[]> =>
    (
      await target.rows<{ name: string; rows: string }>(
        `SELECT ${name} AS name, count(*) AS rows FROM ${from} ${more} WHERE ${where} GROUP BY 1 ORDER BY 2 DESC, 1`,
        values,
      )
    ).map((row) => ({ name: row.name, rows: Number(row.rows) }));
  const { total, open } = await target.one<{ total: string; open: string }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE NOT d.resolved) AS open FROM ${from}`,
    values,
  );
  const hours = await counted("date_part('hour', d.first_seen AT TIME ZONE 'UTC')::int::text");
  return {
    total: Number(total),
    open: Number(open),
    byColumn: await counted('c.name', 'CROSS JOIN LATERAL unnest(d.columns) AS c (name)'),
    byKind: await counted('d.comparison_type'),
    // What a strategy could not do, and which rows refer to one, is of no pattern.
    byReason: await counted("split_part(split_part(d.reason, ';', 1), ':', 1)"),
    byHour: hours.map(({ name, rows }) => ({ hour: Number(name), rows })).sort((a, b) => a.hour - b.hour),
    byRule: await counted('d.resolved_by', '', 'd.resolved'),
  };
}
