/** Reads what a database says about its relations into the domain's form (shared/domain/catalog.ts), in five set-based queries. */
import type {
  Column,
  DeleteAction,
  ForeignKey,
  Index,
  Relation,
  RelationKind,
  UniqueKey,
} from '../../domain/catalog.ts';
import type { Session } from '../session.ts';
import { readTypes } from './read-types.ts';

/** Which relations: those named, or all that a user made. */
export type RelationSelection = readonly { readonly schema: string; readonly name: string }[] | 'all';

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'view',
  f: 'foreign',
};
const ACTIONS: Readonly<Record<string, DeleteAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

/** Partitions that hold rows; version 11 has no function for the whole tree, and its own level must do. */
const leaves = (serverVersion: number): string =>
  serverVersion >= 120000
    ? 'SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf'
    : 'SELECT inhrelid AS relid FROM pg_inherits WHERE inhparent = c.oid';

/** Bits of pg_trigger.tgtype. */
const BEFORE_OR_INSTEAD = 2 | 64;
const INSERT_OR_UPDATE = 4 | 16;

const relationsQuery = (serverVersion: number): string => `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relrowsecurity AS row_security,
    c.relkind <> 'p' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid) AS inherited,
    EXISTS (SELECT FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & ${BEFORE_OR_INSTEAD} = 0 AND g.tgtype & ${INSERT_OR_UPDATE} <> 0
      AND (g.tgrelid = c.oid OR c.relkind = 'p' AND g.tgrelid IN (${leaves(serverVersion)}))) AS changed_after,
    CASE WHEN c.relkind = 'p' THEN coalesce((SELECT sum(greatest(l.reltuples, 0)) FROM (${leaves(serverVersion)}) t JOIN pg_class l ON l.oid = t.relid), 0) ELSE c.reltuples END AS rows,
    CASE WHEN c.relkind = 'p' THEN coalesce((SELECT sum(pg_total_relation_size(t.relid)) FROM (${leaves(serverVersion)}) t), 0)
      WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND CASE WHEN $1::text[] IS NULL
    THEN NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'portage') AND n.nspname !~ '^pg_(toast|temp)'
    ELSE format('%s.%s', n.nspname, c.relname) = ANY ($1::text[]) END
  ORDER BY 2, 3`;

/** format_type leaves the schema out where the session's search_path has it: the same column would read otherwise in another session. */
const TYPE = `CASE WHEN e.typnamespace <> 'pg_catalog'::regnamespace AND pg_type_is_visible(e.oid) THEN quote_ident(n.nspname) || '.' ELSE '' END || format_type(a.atttypid, a.atttypmod)`;

/** A CHECK that says no more than NOT NULL does: how one is added to a table that must not be locked for long. */
const checkedNotNull = (and = ''): string =>
  `EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] AND pg_get_expr(k.conbin, k.conrelid) = format('(%I IS NOT NULL)', a.attname)
      AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'${and})`;

/** From version 18 on NOT NULL may stand without having been validated; before, there is no row of it in the catalog. */
const UNPROVEN = `(SELECT c.relkind = 'f' FROM pg_class c WHERE c.oid = a.attrelid) OR NOT a.attnotnull AND ${checkedNotNull(' AND NOT k.convalidated')}
      OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated)`;

const columnsQuery = (serverVersion: number): string => `
  SELECT a.attrelid AS oid, a.attname AS name, a.attnum AS position, a.atttypid AS type_oid, ${TYPE} AS type,
    a.attnotnull OR t.typnotnull OR ${checkedNotNull()} AS not_null, ${UNPROVEN} AS unproven, a.atthasdef OR t.typdefault IS NOT NULL AS has_default,
    ${serverVersion >= 120000 ? "a.attgenerated <> ''" : 'false'} AS generated, a.attidentity AS identity,
    c.name AS collation, NOT c.deterministic AS folding
  FROM pg_attribute a LEFT JOIN (SELECT c.oid, format('%I.%I', n.nspname, c.collname) AS name, ${serverVersion >= 120000 ? 'c.collisdeterministic' : 'true'} AS deterministic
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace) c ON c.oid = a.attcollation JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END JOIN pg_namespace n ON n.oid = e.typnamespace
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum`;

const INDEXES = `
  SELECT i.indrelid AS oid, c.relname AS name, i.indisunique AND i.indisvalid AS unique, i.indisprimary AS primary,
    pg_get_expr(i.indpred, i.indrelid) AS predicate, coalesce(k.condeferrable, false) AS deferrable, coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') AS nulls_equal,
    (SELECT json_agg(a.attname ORDER BY u.position) FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (attnum, position)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum AND u.attnum > 0
      WHERE u.position <= i.indnkeyatts) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
  WHERE i.indrelid = ANY ($1::oid[]) ORDER BY i.indrelid, c.relname`;

const FOREIGN_KEYS = `
  SELECT k.conrelid AS oid, k.conname AS name, n.nspname AS parent_schema, p.relname AS parent_table, k.condeferrable AS deferrable,
    k.convalidated AS validated, k.confdeltype AS on_delete,
    (SELECT json_agg(a.attname ORDER BY u.position) FROM unnest(k.conkey) WITH ORDINALITY u (attnum, position) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS columns,
    (SELECT json_agg(a.attname ORDER BY u.position) FROM unnest(k.confkey) WITH ORDINALITY u (attnum, position) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) AS parent_columns
  FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
  WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[]) AND NOT p.relispartition ORDER BY k.conrelid, k.conname`;

const TRIGGERS =
  "SELECT tgrelid AS oid, tgname AS name FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid = ANY ($1::oid[]) ORDER BY tgname";

type Row = Record<string, string | null>;
const yes = (value: string | null | undefined): boolean => value === 't';
const list = <T>(json: string | null | undefined): T[] => JSON.parse(json ?? '[]') as T[];

function groupedByOid(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const oid = row['oid'] ?? '';
    const group = groups.get(oid);
    if (group) group.push(row);
    else groups.set(oid, [row]);
  }
  return groups;
}

const uniqueKey = (row: Row): UniqueKey => {
  const columns = list<string | null>(row['columns']);
  return {
    name: row['name'] ?? '',
    columns: columns.includes(null) ? [] : (columns as string[]),
    deferrable: yes(row['deferrable']),
    predicate: row['predicate'] ?? null,
    ...(row['nulls_equal'] === 'true' ? { nullsEqual: true } : {}),
  };
};

/** The relations that exist of those selected, in no more detail than the domain asks for. */
export const readRelations = (session: Session, selection: RelationSelection): Promise<Relation[]> =>
  withNamesQualified(session, () => readSelected(session, selection));

/**
 * The server leaves out a schema that is on the search path, so that one type would have two names: on the path of another
 * step a schema would seem to be another one.
 */
async function withNamesQualified<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const { path } = await session.one<{ path: string }>("SELECT current_setting('search_path') AS path");
  await session.run('SET search_path = pg_catalog');
  const result = await work();
  // Not after an error: a session that failed is given up (functions/session-pool.ts).
  await session.run("SELECT set_config('search_path', $1, false)", [path]);
  return result;
}

async function readSelected(session: Session, selection: RelationSelection): Promise<Relation[]> {
  const wanted = selection === 'all' ? null : selection.map((r) => `${r.schema}.${r.name}`);
  const relations = await session.rows(relationsQuery(session.serverVersion), [wanted]);
  const oids = [relations.map((r) => r['oid'])];
  const [columnRows, indexRows, foreignKeyRows, triggerRows] = [
    await session.rows(columnsQuery(session.serverVersion), oids),
    await session.rows(INDEXES, oids),
    await session.rows(FOREIGN_KEYS, oids),
    await session.rows(TRIGGERS, oids),
  ];
  const types = await readTypes(
    session,
    columnRows.map((c) => c['type_oid'] ?? ''),
  );
  const columns = groupedByOid(columnRows);
  const indexes = groupedByOid(indexRows);
  const foreignKeys = groupedByOid(foreignKeyRows);
  const triggers = groupedByOid(triggerRows);

  const column = (row: Row): Column => ({
    name: row['name'] ?? '',
    position: Number(row['position']),
    type: row['type'] ?? '',
    typeInfo: types(row['type_oid'] ?? ''),
    notNull: yes(row['not_null']),
    ...(yes(row['unproven']) ? { unproven: true } : {}),
    hasDefault: yes(row['has_default']) && !yes(row['generated']),
    generated: yes(row['generated']),
    identity: row['identity'] === 'a' ? 'always' : row['identity'] === 'd' ? 'by default' : null,
    collation: row['collation'] ?? null,
    ...(yes(row['folding']) ? { folding: true } : {}),
  });
  const foreignKey = (row: Row): ForeignKey => ({
    name: row['name'] ?? '',
    columns: list<string>(row['columns']),
    parentSchema: row['parent_schema'] ?? '',
    parentTable: row['parent_table'] ?? '',
    parentColumns: list<string>(row['parent_columns']),
    deferrable: yes(row['deferrable']),
    validated: yes(row['validated']),
    onDelete: ACTIONS[row['on_delete'] ?? 'a'] ?? 'no action',
  });
  const index = (row: Row): Index => ({
    name: row['name'] ?? '',
    columns: list<string | null>(row['columns']),
    unique: yes(row['unique']),
  });

  return relations.map((row): Relation => {
    const oid = row['oid'] ?? '';
    const own = indexes.get(oid) ?? [];
    const primary = own.find((i) => yes(i['primary']));
    return {
      schema: row['schema'] ?? '',
      name: row['name'] ?? '',
      kind: KINDS[row['kind'] ?? 'r'] ?? 'table',
      columns: (columns.get(oid) ?? []).map(column),
      ...(yes(row['inherited']) ? { inherited: true } : {}),
      ...(yes(row['changed_after']) ? { changedAfter: true } : {}),
      primaryKey: primary ? uniqueKey(primary) : null,
      uniqueKeys: own.filter((i) => yes(i['unique']) && !yes(i['primary'])).map(uniqueKey),
      foreignKeys: (foreignKeys.get(oid) ?? []).map(foreignKey),
      indexes: own.map(index),
      triggers: (triggers.get(oid) ?? []).map((t) => t['name'] ?? ''),
      estimatedRows: Number(row['rows']),
      bytes: Number(row['bytes']),
      rowSecurity: yes(row['row_security']),
    };
  });
}
