/** The rights that the steps use on each side, one by one, and which of them the role has. */
import { relationText } from '../../domain/catalog.ts';
import type { RelationName } from '../../domain/entity-map.ts';
import type { Session, Side } from '../session.ts';

export interface Right {
  /** As one would grant it: `SELECT on public.doctor_mst`. */
  readonly right: string;
  readonly granted: boolean;
}

const PRIVILEGES: Readonly<Record<Side, readonly string[]>> = {
  source: ['SELECT'],
  target: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
};

const RELATIONS = `
  SELECT n.nspname AS schema, c.relname AS name, p.privilege, has_schema_privilege(n.oid, 'USAGE')::text AS usage,
    has_table_privilege(c.oid, p.privilege)::text AS granted, row_security_active(c.oid)::text AS hidden
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (schema, name, position)
  JOIN pg_namespace n ON n.nspname = wanted.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
  CROSS JOIN unnest($3::text[]) WITH ORDINALITY AS p (privilege, number)
  ORDER BY wanted.position, p.number`;

/** Sequences of mapped tables are raised after an entity, which takes UPDATE (SEMANTICS 27). */
const SEQUENCES = `
  SELECT n.nspname AS schema, s.relname AS name, has_sequence_privilege(s.oid, 'USAGE')::text AS usage, has_sequence_privilege(s.oid, 'UPDATE')::text AS update
  FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
  JOIN pg_namespace t ON t.nspname = wanted.schema JOIN pg_class c ON c.relnamespace = t.oid AND c.relname = wanted.name
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
  ORDER BY 1, 2`;

const LEDGER = `
  SELECT current_database() AS database, has_database_privilege(current_database(), 'CREATE')::text AS create_schema,
    has_database_privilege(current_database(), 'TEMPORARY')::text AS temporary, (n.oid IS NOT NULL)::text AS present,
    coalesce(has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'), false)::text AS create_table,
    coalesce((SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'uuid_mappings'), true)::text AS owner
  FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = 'portage'`;

/** In the order of the relations; what does not exist is left out, since a mapping fault is no missing right. */
export async function readRights(session: Session, relations: readonly RelationName[]): Promise<Right[]> {
  const names = [relations.map(({ schema }) => schema), relations.map(({ name }) => name)];
  const found = await session.rows<RelationRow>(RELATIONS, [...names, PRIVILEGES[session.side]]);
  const rights = found.flatMap((row): Right[] => [
    { right: `USAGE on schema ${row.schema}`, granted: row.usage === 'true' },
    { right: `${row.privilege} on ${relationText(row)}`, granted: row.granted === 'true' },
    ...(row.hidden === 'true'
      ? [{ right: `BYPASSRLS, for the row level security of ${relationText(row)}`, granted: false }]
      : []),
  ]);
  return unique(
    session.side === 'source'
      ? rights
      : [...rights, ...(await sequenceRights(session, names)), ...(await ledgerRights(session))],
  );
}

type RelationRow = Record<'schema' | 'name' | 'privilege' | 'usage' | 'granted' | 'hidden', string>;

async function sequenceRights(target: Session, names: readonly (readonly string[])[]): Promise<Right[]> {
  const rows = await target.rows<Record<'schema' | 'name' | 'usage' | 'update', string>>(SEQUENCES, [...names]);
  return rows.flatMap((row) => [
    { right: `USAGE on sequence ${relationText(row)}`, granted: row.usage === 'true' },
    { right: `UPDATE on sequence ${relationText(row)}`, granted: row.update === 'true' },
  ]);
}

/** The ledger's schema is made by the first run; later runs add a partition an entity, which only an owner can. */
async function ledgerRights(target: Session): Promise<Right[]> {
  const row = await target.one(LEDGER);
  const database = row['database'] ?? '';
  const temporary = { right: `TEMPORARY on database ${database}`, granted: row['temporary'] === 'true' };
  if (row['present'] !== 'true')
    return [temporary, { right: `CREATE on database ${database}`, granted: row['create_schema'] === 'true' }];
  return [
    temporary,
    { right: 'USAGE and CREATE on schema portage', granted: row['create_table'] === 'true' },
    { right: 'ownership of the tables in schema portage', granted: row['owner'] === 'true' },
  ];
}

const unique = (rights: readonly Right[]): Right[] => [...new Map(rights.map((one) => [one.right, one])).values()];
