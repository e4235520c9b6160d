/**
 * Tables of the ledger as JSON for a bug report. What may leave the house is decided here: keys, counts, codes and times, but no
 * value of the application's rows and no secret.
 */
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

/** Columns with values of rows, expressions of the map with constants in it, or a secret. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  settings: ['value'],
  maps: ['document'],
  data_differentials: ['source_values', 'target_values'],
  undo_log: ['before'],
  conflict_decisions: ['old_values', 'new_values', 'chosen_values'],
};
/** A column of such a name in a table that is not listed above, and is younger than this list. */
const SUSPICIOUS = /(^|_)(values?|before|after|document|secret|password)$/;

export interface SnapshotTable {
  readonly rows: number;
  readonly shown: number;
  readonly leftOut: readonly string[];
  readonly newest: readonly Record<string, unknown>[];
}

/** Names of the ledger's tables, without the leaves of the mapping. */
export async function ledgerTables(target: Session): Promise<string[]> {
  const rows = await target.rows<{ name: string }>(
    "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'portage' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** The newest rows of a table, as many as fit into so many bytes. */
export async function snapshotTable(target: Session, table: string, bytes: number): Promise<SnapshotTable> {
  const columns = (
    await target.rows<{ name: string }>(
      `SELECT a.attname AS name FROM pg_attribute a WHERE a.attrelid = format('portage.%I', $1::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
      [table],
    )
  ).map(({ name }) => name);
  const leftOut = columns.filter((name) => LEFT_OUT[table]?.includes(name) === true || SUSPICIOUS.test(name));
  const shown = columns.filter((name) => !leftOut.includes(name));
  const from = `portage.${quoteIdentifier(table)}`;
  const { rows: count } = await target.one<{ rows: string }>(`SELECT count(*) AS rows FROM ${from}`);
  const rows = await target.rows<{ row: string }>(
    `SELECT w.row FROM (SELECT v.row, sum(octet_length(v.row::text) + 2) OVER (ROWS UNBOUNDED PRECEDING) AS so_far
       FROM (SELECT to_json(t) AS row FROM (SELECT ${shown.map(quoteIdentifier).join(', ')} FROM ${from} ORDER BY ${newestFirst(columns)} LIMIT ${MOST_ROWS}) t) v) w
     WHERE w.so_far <= $1`,
    [bytes],
  );
  return {
    rows: Number(count),
    shown: rows.length,
    leftOut,
    newest: rows.map(({ row }) => JSON.parse(row) as Record<string, unknown>),
  };
}

/** Nobody reads more of them. */
const MOST_ROWS = 1000;

/** What tells age best, among the columns that there are. */
const AGES = [
  'batch_no',
  'run_no',
  'decision_no',
  'undo_no',
  'operation_no',
  'last_seen',
  'created_at',
  'registered_at',
  'written_at',
  'version',
];
const newestFirst = (columns: readonly string[]): string => {
  const age = AGES.filter((name) => columns.includes(name)).slice(0, 2);
  return age.length === 0 ? '1' : age.map((name) => `${quoteIdentifier(name)} DESC`).join(', ');
};
