/**
 * Whether anybody writes to the source: inserts and updates by the transactions on the rows, deletions by the counters of the
 * tables, and what is not committed yet by the sessions that hold it.
 */
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { SourceMark } from '../../domain/cut-over.ts';
import { unhurried, type Session } from '../session.ts';
import { allOf } from '../sql/range.ts';
import { MOMENT } from '../sql/moment.ts';

/** Partitions are counted with the table that they are parts of. */
const COUNTERS = `WITH RECURSIVE tables AS (
    SELECT c.oid, c.oid AS root FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
    UNION ALL SELECT i.inhrelid, t.root FROM tables t JOIN pg_inherits i ON i.inhparent = t.oid)
  SELECT n.nspname || '.' || r.relname AS name, sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del) AS writes
  FROM tables t JOIN pg_stat_user_tables s ON s.relid = t.oid JOIN pg_class r ON r.oid = t.root JOIN pg_namespace n ON n.oid = r.relnamespace
  GROUP BY 1 ORDER BY 1`;

/** What has been written until now. */
export async function markSource(source: Session): Promise<SourceMark> {
  const { at, snapshot } = await source.one<{ at: string; snapshot: string }>(
    `SELECT to_char(clock_timestamp(), ${MOMENT}) AS at, txid_current_snapshot()::text AS snapshot`,
  );
  const counters = await source.rows<{ name: string; writes: string }>(COUNTERS);
  return { at, snapshot, writes: Object.fromEntries(counters.map(({ name, writes }) => [name, Number(writes)])) };
}

/** Tables that were written since the mark, and how often. Counters that were reset meanwhile say nothing. */
export async function writesSince(source: Session, mark: SourceMark): Promise<Readonly<Record<string, number>>> {
  const now = await markSource(source);
  return Object.fromEntries(
    Object.entries(now.writes).flatMap(([name, writes]) => {
      const before = mark.writes[name] ?? 0;
      return writes > before ? [[name, writes - before]] : [];
    }),
  );
}

export interface RowsOf {
  /** Inserted or updated, as the condition says, whether the entity takes them or not. */
  readonly written: number;
  /** That the entity takes. */
  readonly rows: number;
}

/** @param written a condition over the source row `s` */
export async function rowsSince(source: Session, entity: CompiledEntity, written: string): Promise<RowsOf> {
  await source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  const found = await unhurried(source, () =>
    source.one(
      `SELECT count(*) FILTER (WHERE ${written}) AS written, count(*) FILTER (WHERE ${allOf(entity.source.where)}) AS rows FROM ${entity.source.from}`,
    ),
  );
  return { written: Number(found['written']), rows: Number(found['rows']) };
}

export interface OpenWrites {
  /** Sessions that have written and not committed. */
  readonly open: readonly string[];
  readonly prepared: number;
  readonly sees: boolean;
  readonly standby: boolean;
}

export async function openWrites(source: Session): Promise<OpenWrites> {
  const facts = await source.one(
    `SELECT pg_has_role('pg_read_all_stats', 'USAGE')::text AS sees, pg_is_in_recovery()::text AS standby,
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared`,
  );
  const sessions = await source.rows(
    `SELECT pid::text AS pid, nullif(application_name, '') AS application, usename AS role FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL AND backend_type = 'client backend' ORDER BY xact_start`,
  );
  return {
    open: sessions.map(
      (row) => `${row['application'] ?? 'a session'} of ${row['role'] ?? '?'} (pid ${row['pid'] ?? ''})`,
    ),
    prepared: Number(facts['prepared']),
    sees: facts['sees'] === 'true',
    standby: facts['standby'] === 'true',
  };
}
