/** Types of columns, followed through domains, arrays and ranges to what they are made of. */
import type { TypeInfo, TypeKind } from '../../domain/catalog.ts';
import type { Session } from '../session.ts';

/** Before 12 oid is a hidden column, which USING does not see. */
const TYPES = `
  WITH RECURSIVE needed (oid) AS (
    SELECT unnest($1::oid[])
    UNION
    SELECT p.oid FROM needed JOIN pg_type t ON t.oid = needed.oid LEFT JOIN pg_range r ON r.rngtypid = t.oid
      CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype), (r.rngsubtype)) AS p (oid) WHERE p.oid <> 0
  )
  SELECT t.oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typcategory = 'A' AND t.typelem <> 0 AS is_array,
    coalesce(nullif(t.typelem, 0), r.rngsubtype) AS element, nullif(t.typbasetype, 0) AS base,
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
  FROM needed JOIN pg_type t ON t.oid = needed.oid JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid`;

const KINDS: Readonly<Record<string, TypeKind>> = {
  b: 'base',
  d: 'domain',
  e: 'enum',
  c: 'composite',
  r: 'range',
  m: 'multirange',
  p: 'pseudo',
};

/** A look-up by type oid for those given and all that they are made of. */
export async function readTypes(session: Session, oids: readonly string[]): Promise<(oid: string) => TypeInfo> {
  const rows = await session.rows(TYPES, [[...new Set(oids)]]);
  const byOid = new Map(rows.map((row) => [row['oid'] ?? '', row]));
  const made = new Map<string, TypeInfo>();
  const typeOf = (oid: string): TypeInfo => {
    const known = made.get(oid);
    if (known) return known;
    const row = byOid.get(oid);
    if (row === undefined) throw new RangeError(`no type ${oid} in the catalog`);
    const base = row['base'] ? typeOf(row['base']) : null;
    const info: TypeInfo = {
      schema: row['schema'] ?? '',
      name: row['name'] ?? '',
      kind: row['is_array'] === 't' ? 'array' : (KINDS[row['kind'] ?? 'b'] ?? 'base'),
      builtin: row['schema'] === 'pg_catalog',
      element: row['element'] && base === null ? typeOf(row['element']) : null,
      base: base === null ? null : (base.base ?? base),
      labels: JSON.parse(row['labels'] ?? '[]') as string[],
    };
    made.set(oid, info);
    return info;
  };
  return typeOf;
}
