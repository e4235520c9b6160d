/** The roles that Portage works with and what each may do, as SQL for an administrator to read and run. */
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

const SCHEMAS = `
  SELECT n.nspname AS name, bool_or(c.relrowsecurity)::text AS secured
  FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'portage') AND n.nspname !~ '^pg_(toast|temp)'
  GROUP BY n.nspname ORDER BY 1`;

interface SideFacts {
  readonly database: string;
  readonly schemas: readonly string[];
  readonly secured: boolean;
  /** What a role without a search_path of its own has. */
  readonly path: readonly string[];
}

async function factsOf(session: Session): Promise<SideFacts> {
  const { database, path } = await session.one<{ database: string; path: string }>(
    "SELECT current_database() AS database, boot_val AS path FROM pg_settings WHERE name = 'search_path'",
  );
  const rows = await session.rows<{ name: string; secured: string }>(SCHEMAS);
  return {
    database,
    schemas: rows.map(({ name }) => name),
    secured: rows.some(({ secured }) => secured === 'true'),
    path: path.split(',').map((part) => part.trim().replaceAll('"', '')),
  };
}

/** The statements for both databases; nothing is run. */
export async function roleStatements(sides: { readonly source: Session; readonly target: Session }): Promise<string> {
  const [source, target] = await Promise.all([factsOf(sides.source), factsOf(sides.target)]);
  return [...readerOf(source), '', ...writerOf(target), '', ...operatorOf(target)].join('\n');
}

const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ');
const withPortageLast = (path: readonly string[]): string =>
  [...path.filter((name) => name !== 'portage'), 'portage'].map(quoteLiteral).join(', ');
/** A grant on no schema would be no SQL. */
const onSchemas = (schemas: readonly string[], grant: (schemas: string) => readonly string[]): readonly string[] =>
  schemas.length === 0 ? ['-- There is no table yet: run this again when the schema is there.'] : grant(list(schemas));
const bypass = (role: string, secured: boolean): readonly string[] =>
  secured
    ? ['-- Row level security would hide rows, and a hidden row is a lost row.', `ALTER ROLE ${role} BYPASSRLS;`]
    : [];

const readerOf = ({ database, schemas, secured }: SideFacts): readonly string[] => [
  `-- Source, in database ${quoteIdentifier(database)}: the reader reads, and cannot write.`,
  'CREATE ROLE portage_reader LOGIN; -- then: \\password portage_reader',
  `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO portage_reader;`,
  ...onSchemas(schemas, (names) => [
    `GRANT USAGE ON SCHEMA ${names} TO portage_reader;`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${names} TO portage_reader;`,
  ]),
  `ALTER ROLE portage_reader IN DATABASE ${quoteIdentifier(database)} SET default_transaction_read_only = on;`,
  ...bypass('portage_reader', secured),
];

const writerOf = ({ database, schemas, secured, path }: SideFacts): readonly string[] => [
  `-- Target, in database ${quoteIdentifier(database)}: the writer writes rows and owns the ledger in schema portage.`,
  'CREATE ROLE portage_writer LOGIN; -- then: \\password portage_writer',
  `GRANT CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(database)} TO portage_writer;`,
  'GRANT portage_writer TO CURRENT_USER;',
  'CREATE SCHEMA IF NOT EXISTS portage AUTHORIZATION portage_writer;',
  ...onSchemas(schemas, (names) => [
    `GRANT USAGE ON SCHEMA ${names} TO portage_writer;`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${names} TO portage_writer;`,
    `GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA ${names} TO portage_writer;`,
  ]),
  `ALTER ROLE portage_writer IN DATABASE ${quoteIdentifier(database)} SET search_path = ${withPortageLast(path)};`,
  ...bypass('portage_writer', secured),
];

/** The undo log holds rows as they were and settings the key of the hashes: neither is for looking around (SEMANTICS 34). */
const operatorOf = ({ database, schemas, path }: SideFacts): readonly string[] => [
  `-- Target, in database ${quoteIdentifier(database)}: the operator is a person who looks at the ledger and at the rows.`,
  'CREATE ROLE portage_operator LOGIN; -- then: \\password portage_operator',
  `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO portage_operator;`,
  ...onSchemas([...schemas, 'portage'], (names) => [`GRANT USAGE ON SCHEMA ${names} TO portage_operator;`]),
  ...onSchemas(schemas, (names) => [`GRANT SELECT ON ALL TABLES IN SCHEMA ${names} TO portage_operator;`]),
  `ALTER ROLE portage_operator IN DATABASE ${quoteIdentifier(database)} SET search_path = ${withPortageLast(path)};`,
  '-- Once the first run has made the ledger:',
  'GRANT SELECT ON ALL TABLES IN SCHEMA portage TO portage_operator;',
  'DO $$ BEGIN',
  "  IF to_regclass('portage.settings') IS NOT NULL THEN",
  '    REVOKE ALL ON portage.settings, portage.undo_log FROM portage_operator;',
  '  END IF;',
  'END $$;',
];
