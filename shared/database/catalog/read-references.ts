/** The foreign keys of a table, mapped or not, that its rows must satisfy: read when they are needed, as constraints come and go. */
import type { Session } from '../session.ts';

export interface ReferencedKey {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /** Pairs in the order of the constraint; `operator` compares the parent's column with the child's. */
  readonly pairs: readonly { readonly parent: string; readonly child: string; readonly operator: string }[];
  /** Every column of it may be NULL. */
  readonly nullable: boolean;
  /** MATCH FULL: a reference that is NULL in part is refused. */
  readonly full: boolean;
}

const referenced = (serverVersion: number): string => `
  SELECT k.conname AS name, n.nspname AS schema, p.relname AS table, (k.confmatchtype = 'f')::text AS full,
    (SELECT json_agg(json_build_object('parent', p.attname, 'child', a.attname, 'operator', format('OPERATOR(%I.%s)', o.nspname, o.oprname)) ORDER BY u.position)
       FROM unnest(k.confkey, k.conkey, k.conpfeqop) WITH ORDINALITY u (parent, child, operator, position)
       JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = u.parent JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child
       JOIN (SELECT o.oid, o.oprname, s.nspname FROM pg_operator o JOIN pg_namespace s ON s.oid = o.oprnamespace) o ON o.oid = u.operator) AS pairs,
    (NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND (a.attnotnull OR t.typnotnull)))::text AS nullable
  FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
  WHERE k.contype = 'f' AND k.conrelid = to_regclass($1) AND NOT p.relispartition${serverVersion >= 180000 ? ' AND k.conenforced' : ''} ORDER BY k.conname`;

/** @param table qualified and quoted */
export async function readReferences(target: Session, table: string): Promise<ReferencedKey[]> {
  const rows = await target.rows(referenced(target.serverVersion), [table]);
  return rows.map((row) => ({
    name: row['name'] ?? '',
    schema: row['schema'] ?? '',
    table: row['table'] ?? '',
    pairs: JSON.parse(row['pairs'] ?? '[]') as ReferencedKey['pairs'],
    nullable: row['nullable'] === 'true',
    full: row['full'] === 'true',
  }));
}
