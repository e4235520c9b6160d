/** Rows of the stage that take unique values from each other (SEMANTICS 25). */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';
import { referredColumns, refersTo } from './vanished.ts';

/** Whether rows of the table may be taken out and put in again in one statement without anybody noticing, and its columns. */
export const replaceable = (entity: CompiledEntity): string =>
  `SELECT (c.relkind = 'r' AND has_table_privilege(c.oid, 'DELETE')
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled <> 'D') AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = c.oid AND confdeltype NOT IN ('a', 'r')))::text AS may,
     (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
   FROM pg_class c WHERE c.oid = ${quoteLiteral(entity.target.table)}::regclass`;

/** Which rows are asked about, and what says of one that it moves; over `w` and, for `moves`, `t`. */
interface Asked {
  readonly rows: string;
  readonly condition: string;
  readonly moves: readonly string[];
}

/** Whether one of the rows is to lose a value to which a row refers by the foreign key. */
export const losesReferred = (
  { target }: CompiledEntity,
  key: ReferencingKey,
  { rows, condition, moves }: Asked,
): string =>
  `SELECT EXISTS (SELECT FROM ${rows}
     CROSS JOIN LATERAL (SELECT ${referredColumns(key)}, ${moves.join(' OR ')} AS moves FROM ${target.table} t WHERE ${target.matchesMapping('w')}) p
     WHERE ${condition} AND p.moves AND EXISTS (SELECT FROM ${qualifiedName({ schema: key.schema, name: key.table })} t WHERE ${refersTo(key, 'p')}))::text AS present`;

/** The same of the batch; null where none of the key's columns is written. */
export function givesAwayReferred(
  entity: CompiledEntity,
  key: ReferencingKey,
  action: 'update' | 'merge',
): string | null {
  const columns = entity.columns.filter((c) => !c.onInsertOnly && key.pairs.some(({ parent }) => parent === c.column));
  if (columns.length === 0) return null;
  return losesReferred(entity, key, {
    rows: `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k`,
    condition: `w.action = '${action}'`,
    moves: columns.map((c) => `${c.exactDesired} IS DISTINCT FROM ${c.exactTarget}`),
  });
}

/**
 * Nobody else may write the table, or take a key of it, while its rows are out: an update that waited for such a row would find
 * it deleted, and do nothing without a word. One that waits for the table finds the row that was put in again.
 */
export const lockForReplace = (entity: CompiledEntity): string => `LOCK TABLE ${entity.target.table} IN EXCLUSIVE MODE`;

/**
 * Updates rows by taking all of them out before the first is put in again: no row stands in another's way, and a foreign key
 * that is checked at the end finds its row again. Sorting is what makes the insert wait for the last delete.
 */
export function replaceRows(entity: CompiledEntity, columns: readonly string[]): string {
  const { mark, alwaysIdentity } = entity.target;
  const updated = entity.columns.filter((c) => !c.onInsertOnly && !alwaysIdentity.includes(c.column));
  const written = new Map([
    ...updated.map((c) => [c.column, c.desired] as const),
    ...(mark === null ? [] : [[mark.column, `NULL::${mark.type}`] as const]),
  ]);
  const values = columns.map((name, i) => `${written.get(name) ?? `t.${quoteIdentifier(name)}`} AS n${i}`);
  return `WITH gone AS (
      DELETE FROM ${entity.target.table} AS t USING ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k
      WHERE w.action = 'update' AND ${entity.target.matchesMapping('w')} RETURNING w.${targetKeyColumn(entity)} AS portage_key, ${values.join(', ')}
    ), written AS (
      INSERT INTO ${entity.target.table} AS t (${columns.map(quoteIdentifier).join(', ')}) OVERRIDING SYSTEM VALUE
      SELECT ${columns.map((_, i) => `x.n${i}`).join(', ')} FROM gone x ORDER BY x.portage_key RETURNING ${entity.target.hash} AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written`;
}
