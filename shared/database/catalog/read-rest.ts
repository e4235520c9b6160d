/**
 * Columns of a target table that the map does not fill, and what they hold when a row is inserted: what differs from that,
 * somebody has put there. Read when it is needed; a column whose default cannot be told beforehand cannot be compared.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

export interface RestColumn {
  readonly column: string;
  readonly alias: string;
  /** Over `t` and the undo table's `w`: the column holds what an insert gave it. */
  readonly same: string;
  /** What an insert gave it is the moment of the insert. */
  readonly timed: boolean;
}

export interface RestColumns {
  /** Rows show the transaction that wrote them. */
  readonly hasXmin: boolean;
  readonly compared: readonly RestColumn[];
  readonly uncomparable: readonly string[];
}

/** A value that stands there in so many words. */
const CONSTANT = /^\(?-?(?:'(?:[^']|'')*'|\d+(?:\.\d+)?|true|false)\)?(?:::[\w\s".,()[\]]+)?$/;
/** The beginning of the transaction, which the undo entry has kept. */
const NOW = /^(?:now\(\)|transaction_timestamp\(\)|CURRENT_TIMESTAMP)$/;
const NOW_AT = /^\((?:now\(\)|CURRENT_TIMESTAMP) AT TIME ZONE ('(?:[^']|'')*')::text\)$/;
const TIMES = /^(?:timestamp with(?:out)? time zone|date)$/;

function expected(value: string | null, type: string): string | null {
  if (value === null) return 'NULL';
  if (CONSTANT.test(value)) return `((${value})::${type})::text`;
  if (NOW.test(value) && TIMES.test(type)) return `(w.written_at::${type})::text`;
  const at = NOW_AT.exec(value);
  return at !== null && TIMES.test(type) ? `((w.written_at AT TIME ZONE ${at[1]})::${type})::text` : null;
}

export async function readRest(target: Session, entity: CompiledEntity): Promise<RestColumns> {
  const table = quoteLiteral(entity.target.table);
  const { kind, triggers } = await target.one<{ kind: string; triggers: string }>(
    `SELECT c.relkind AS kind, EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D')::text AS triggers
     FROM pg_class c WHERE c.oid = ${table}::regclass`,
  );
  const mapped = [
    ...entity.columns.flatMap((c) => (c.onInsertOnly ? [] : [c.column])),
    ...(entity.target.surrogate ? entity.target.key : []),
  ];
  const rows = await target.rows<{ name: string; type: string; value: string | null; identity: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attidentity AS identity, coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) AS value
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = ${table}::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> ALL ($1::text[]) ORDER BY a.attnum`,
    [mapped],
  );
  const written = new Set(entity.columns.map((column) => column.column));
  const compared: RestColumn[] = [];
  const uncomparable: string[] = [];
  for (const { name, type, value, identity } of rows) {
    // A trigger may have filled it, and what is written on insert alone was never kept.
    const same = triggers === 'true' || identity !== '' || written.has(name) ? null : expected(value, type);
    if (same === null) uncomparable.push(name);
    else
      compared.push({
        column: name,
        alias: `rest${compared.length}`,
        same: `t.${quoteIdentifier(name)}::text IS NOT DISTINCT FROM ${same}`,
        timed: same.includes('w.written_at'),
      });
  }
  return { hasXmin: kind === 'r' || kind === 'p', compared, uncomparable };
}
