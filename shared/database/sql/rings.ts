/** Rows of the stage that take unique values from each other (SEMANTICS 25). */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';

/** Whether rows of the table may be taken out and put in again in one statement without anybody noticing, and its columns. */
export const replaceable = (entity: CompiledEntity): string =>
  `SELECT (c.relkind = 'r' AND has_table_privilege(c.oid, 'DELETE')
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled <> 'D') AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = c.oid AND confdeltype NOT IN ('a', 'r')))::text AS may,
     (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
   FROM pg_class c WHERE c.oid = ${quoteLiteral(entity.target.table)}::regclass`;

/**
 * Foreign keys by which rows refer to rows of the batch that are to be updated, by their places in the list, and whether such a
 * row gives the value away. The rows are locked, so nobody begins to refer to one. Null where none leads to a column that is
 * written.
 */
export function referredTo(entity: CompiledEntity, keys: readonly ReferencingKey[]): string | null {
  const written = new Map(entity.columns.flatMap((c) => (c.onInsertOnly ? [] : [[c.column, c] as const])));
  const asked = keys.flatMap(({ schema, table, pairs }, i) => {
    const moves = pairs.flatMap(({ parent }) => {
      const column = written.get(parent);
      return column === undefined ? [] : [`${column.exactDesired} IS DISTINCT FROM ${column.exactTarget}`];
    });
    if (moves.length === 0) return [];
    const refers = pairs.map((p) => `t.${quoteIdentifier(p.parent)} ${p.operator} c.${quoteIdentifier(p.child)}`);
    const child = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
    return [
      `SELECT '${i}' AS place, bool_or(${moves.join(' OR ')})::text AS given FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k JOIN ${entity.target.table} t ON ${entity.target.matchesMapping('w')} JOIN ${child} c ON ${refers.join(' AND ')} WHERE w.action = 'update' HAVING count(*) > 0`,
    ];
  });
  return asked.length === 0 ? null : asked.join(' UNION ALL ');
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
