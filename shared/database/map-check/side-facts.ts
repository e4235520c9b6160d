/** What checkMap reads of one database: the map's relations, and what else decides whether they can be read and written. */
import type { Relation } from '../../domain/catalog.ts';
import type { RelationName } from '../../domain/entity-map.ts';
import { readRelations } from '../catalog/read-relations.ts';
import type { Session } from '../session.ts';

export interface SideFacts {
  /** By relationKey; what is not there does not exist. */
  readonly relations: ReadonlyMap<string, Relation>;
  /** Relations whose row level security this role cannot pass. */
  readonly hidden: ReadonlySet<string>;
  /** Relations with a row trigger before INSERT, which may fill what nobody sends. */
  readonly filledByTrigger: ReadonlySet<string>;
  /** All relations of the database as `schema.table`, to find the one that was meant; empty when none is missing. */
  readonly names: readonly string[];
}

/** Unlike `schema.table`, it cannot be read in two ways. */
export const relationKey = (relation: RelationName): string => JSON.stringify([relation.schema, relation.name]);

const FLAGS = `
  SELECT n.nspname AS schema, c.relname AS name, row_security_active(c.oid)::text AS hidden,
    EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7)::text AS triggered
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN unnest($1::text[], $2::text[]) AS wanted (schema, name) ON wanted.schema = n.nspname AND wanted.name = c.relname
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

const NAMES = `
  SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'portage') AND n.nspname !~ '^pg_(toast|temp)'
  ORDER BY 1`;

export async function readSideFacts(session: Session, wanted: readonly RelationName[]): Promise<SideFacts> {
  const found = await readRelations(session, wanted);
  const relations = new Map(found.map((relation) => [relationKey(relation), relation]));
  const flags = await session.rows<{ schema: string; name: string; hidden: string; triggered: string }>(FLAGS, [
    wanted.map(({ schema }) => schema),
    wanted.map(({ name }) => name),
  ]);
  const having = (flag: 'hidden' | 'triggered'): ReadonlySet<string> =>
    new Set(flags.filter((row) => row[flag] === 'true').map(relationKey));
  const isMissing = wanted.some((relation) => !relations.has(relationKey(relation)));
  const names = isMissing ? (await session.rows<{ name: string }>(NAMES)).map(({ name }) => name) : [];
  return { relations, hidden: having('hidden'), filledByTrigger: having('triggered'), names };
}
