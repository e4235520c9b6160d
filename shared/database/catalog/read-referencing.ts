/**
 * The foreign keys that lead to a table, mapped or not (SEMANTICS 29), read from pg_constraint when they are needed: a
 * constraint that was made since the run began counts.
 */
import type { Session } from '../session.ts';

export interface ReferencingKey {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /**
   * Pairs in the order of the constraint; `operator` compares the parent's column with the child's. Where their collations are
   * two, `collation` says by which: the child's, whose index then serves, unless the parent's calls more texts equal.
   */
  readonly pairs: readonly {
    readonly parent: string;
    readonly child: string;
    readonly operator: string;
    readonly collation: string | null;
  }[];
  /** The table's key where it is one column that names no person: a uuid or an integer. */
  readonly shownKey: string | null;
}

/** Keys to the table itself, to a partition of it, or to a table that it is a partition of; copies in partitions say nothing new. */
const REFERENCING = `
  SELECT k.conname AS name, n.nspname AS schema, c.relname AS table,
    (SELECT json_agg(json_build_object('parent', p.attname, 'child', a.attname, 'operator', format('OPERATOR(%I.%s)', o.nspname, o.oprname),
         'collation', CASE WHEN a.attcollation <> p.attcollation THEN (SELECT format('%I.%I', s.nspname, l.collname) FROM pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace
           WHERE l.oid = CASE WHEN (SELECT collisdeterministic FROM pg_collation WHERE oid = p.attcollation) THEN a.attcollation ELSE p.attcollation END) END) ORDER BY u.position)
       FROM unnest(k.confkey, k.conkey, k.conpfeqop) WITH ORDINALITY u (parent, child, operator, position)
       JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = u.parent JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child
       JOIN (SELECT o.oid, o.oprname, s.nspname FROM pg_operator o JOIN pg_namespace s ON s.oid = o.oprnamespace) o ON o.oid = u.operator) AS pairs,
    (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
       WHERE i.indrelid = k.conrelid AND i.indisprimary AND i.indnkeyatts = 1 AND a.atttypid IN ('uuid'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)) AS shown_key
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN (
    SELECT to_regclass($1)::oid UNION SELECT relid FROM pg_partition_tree(to_regclass($1)) UNION SELECT relid FROM pg_partition_ancestors(to_regclass($1)))
  ORDER BY 2, 3, 1`;

/** @param table qualified and quoted */
export async function readReferencing(target: Session, table: string): Promise<ReferencingKey[]> {
  const rows = await target.rows(REFERENCING, [table]);
  return rows.map((row) => ({
    name: row['name'] ?? '',
    schema: row['schema'] ?? '',
    table: row['table'] ?? '',
    pairs: JSON.parse(row['pairs'] ?? '[]') as ReferencingKey['pairs'],
    shownKey: row['shown_key'] ?? null,
  }));
}
