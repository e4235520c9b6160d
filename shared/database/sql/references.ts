/**
 * Every reference of an entity against the source's own: what each source row says of its parents is staged on the target
 * and compared with where the target row leads. Two witnesses say which row is the parent's: the mapping, and the row's own
 * identity where it spells out the legacy key (domain/compiled/identity-key.ts).
 */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';

/** A reference with its parent's side compiled. */
export interface ReferenceSides {
  readonly child: CompiledEntity;
  readonly reference: CompiledReference;
  readonly parent: CompiledEntity;
  /** Over a row `t` of the parent's table: the legacy key that it stands for by its own columns; null where it does not say. */
  readonly identityKey: string | null;
}

const said = (child: CompiledEntity): string => `pg_temp.said_${child.entityId}`;
export const BROKEN = 'pg_temp.broken_references';

/** `said`: what the source says. `broken_references`: what is found; `state` is for a repair that works through it. */
export const createReferences = (child: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS said_${child.entityId} (k ${child.order === 'integer' ? 'bigint' : 'text COLLATE "C"'} NOT NULL${child.references.map((r) => `, ${r.staged} ${wireOf(child, r)}`).join('')});
   CREATE TEMP TABLE IF NOT EXISTS broken_references (column_name text NOT NULL, legacy_key text COLLATE "C" NOT NULL, kind text NOT NULL, current text, expected text, parent_key text, provable boolean NOT NULL, reason text NOT NULL,
     state text NOT NULL DEFAULT 'open', PRIMARY KEY (column_name, legacy_key));
   TRUNCATE ${said(child)}, ${BROKEN}`;

const columnOf = (child: CompiledEntity, reference: CompiledReference) =>
  child.columns.find((column) => column.column === reference.column);
const wireOf = (child: CompiledEntity, reference: CompiledReference): string =>
  columnOf(child, reference)?.wire ?? 'text';

/** Key and parents' keys of a range, from the source. */
export function referencesOut(child: CompiledEntity, range: KeyRange): string {
  const key = child.order === 'integer' ? `(${child.source.key})::bigint` : child.source.key;
  const parents = child.references.map((r) => `${columnOf(child, r)?.source ?? 'NULL'} AS ${r.staged}`);
  return `COPY (SELECT ${[`${key} AS k`, ...parents].join(', ')} FROM ${child.source.from} WHERE ${allOf([...child.source.where, ...inRange(child.order, child.source.key, range)])}) TO STDOUT`;
}
export const referencesIn = (child: CompiledEntity): string => `COPY ${said(child)} FROM STDIN`;

/** Rows whose key stands for several say nothing. @returns by its row count how many */
export const dropAmbiguousReferences = (child: CompiledEntity): string =>
  `DELETE FROM ${said(child)} WHERE k IN (SELECT k FROM ${said(child)} GROUP BY k HAVING count(*) > 1)`;
/** A freshly filled table without statistics is taken for a handful of rows. */
export const analyzeReferences = (child: CompiledEntity): string => `ANALYZE ${said(child)}`;

export const parentColumn = (parent: CompiledEntity): string => quoteIdentifier(parent.target.key[0] ?? '');
const mappedKey = (parent: CompiledEntity): string => (parent.target.keyKind === 'uuid' ? 'target_uuid' : 'target_key');

/**
 * Compares one reference of the staged rows; what does not lead to the source's own parent goes into `broken_references`.
 *
 * - `orphan`: leads to no row
 * - `wrong_parent`: leads to another row than the source's, or to one where the source names none
 * - `lost`: is NULL, and the parent that the source names is there
 * - `mapping`: leads to the right row by its identity, and the mapping says another
 *
 * `provable`: the mapping gives the parent, its row is there, and its identity, where it says anything, agrees. A row that
 * waits for a parent that was not migrated is not broken.
 */
export function findBroken({ child, reference: r, parent, identityKey }: ReferenceSides): string {
  const column = `t.${quoteIdentifier(r.column)}`;
  const parentKey = `t.${parentColumn(parent)}`;
  const own = leafKey(child);
  const parentLegacy = r.parentOrder === 'integer' ? 'p.legacy_id' : 'p.legacy_key';
  const alive = child.target.mark === null ? '' : ` AND t.${quoteIdentifier(child.target.mark.column)} IS NULL`;
  const inKey = child.target.key.includes(r.column);
  const noParent = r.nullable && !inKey;
  const witness = identityKey ?? 'NULL';
  const said_ = `g.${r.staged}`;
  const leadsRight =
    identityKey === null ? 'p.mapped IS NOT DISTINCT FROM cur.key' : `led.witness IS NOT DISTINCT FROM ${said_}`;
  const proven = `there.found AND ${identityKey === null ? 'true' : `there.witness IS NOT DISTINCT FROM ${said_}`}`;
  return `INSERT INTO ${BROKEN} (column_name, legacy_key, kind, current, expected, parent_key, provable, reason)
    SELECT ${quoteLiteral(r.column)}, x.k::text, x.kind, x.current, CASE WHEN x.provable THEN x.expected END, x.parent_key,
      x.provable, CASE
        WHEN x.kind = 'orphan' AND x.parent_key IS NULL THEN 'leads to no row; the source names no parent'
        WHEN x.kind = 'orphan' THEN 'leads to no row'
        WHEN x.kind = 'lost' THEN 'is NULL; the source names a parent that was migrated'
        WHEN x.kind = 'mapping' THEN 'leads to the row that bears the parent''s identity; the mapping says otherwise'
        WHEN x.parent_key IS NULL THEN 'leads to a row; the source names no parent'
        ELSE 'leads to another row than the source''s' END
        || CASE WHEN x.provable THEN '' WHEN x.kind = 'mapping' THEN ' (M004)' WHEN x.disputed THEN '; mapping and identity of the parent disagree (M004)'
             WHEN ${inKey ? 'true' : 'false'} THEN '; it is a part of the key' WHEN x.parent_key IS NULL THEN ''
             WHEN NOT x.mapped THEN '; the parent was not migrated' ELSE '; the parent''s row is not there' END
    FROM (
      SELECT g.k, cur.key AS current, ${said_}::text AS parent_key, p.mapped IS NOT NULL AS mapped,
        coalesce(there.found, false) AND NOT coalesce(${proven}, false) AS disputed,
        CASE WHEN cur.key IS NULL THEN CASE WHEN ${said_} IS NOT NULL AND coalesce(there.found, false) THEN 'lost' END
          WHEN led.found IS NULL THEN 'orphan'
          WHEN ${said_} IS NULL THEN 'wrong_parent'
          WHEN NOT (${leadsRight}) THEN 'wrong_parent'
          WHEN p.mapped IS DISTINCT FROM cur.key THEN 'mapping' END AS kind,
        CASE WHEN ${said_} IS NOT NULL AND coalesce(${proven}, false) THEN p.mapped END AS expected,
        ${
          inKey
            ? 'false'
            : `CASE WHEN ${said_} IS NULL THEN led.found IS NULL AND ${String(noParent)}
          WHEN coalesce(${proven}, false) THEN p.mapped IS DISTINCT FROM cur.key
          ELSE led.found IS NULL AND there.found IS NULL AND ${String(noParent && r.onMissing === 'null')} END`
        } AS provable
      FROM ${said(child)} g
      CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key FROM ${child.leaf} m WHERE ${own} = g.k AND m.closed_by IS NULL) m
      CROSS JOIN LATERAL (SELECT (${column})::text COLLATE "C" AS key, ${column} AS value FROM ${child.target.table} t WHERE ${child.target.matchesMapping('m')}${alive}) cur
      LEFT JOIN LATERAL (SELECT p.${mappedKey(parent)}::text COLLATE "C" AS mapped, p.target_uuid, p.target_key FROM ${r.parentLeaf} p WHERE ${parentLegacy} = ${said_} AND p.closed_by IS NULL) p ON true
      LEFT JOIN LATERAL (SELECT true AS found, ${witness} AS witness FROM ${parent.target.table} t WHERE ${parent.target.matchesMapping('p')}) there ON p.mapped IS NOT NULL
      LEFT JOIN LATERAL (SELECT true AS found, ${witness} AS witness FROM ${parent.target.table} t WHERE ${parentKey} = cur.value${parent.target.keyCollation}) led ON cur.value IS NOT NULL
    ) x WHERE x.kind IS NOT NULL ON CONFLICT DO NOTHING`;
}

/** How many of the staged rows stand in the target, and how many of them name a parent. */
export const countReferences = ({ child, reference: r }: ReferenceSides): string =>
  `SELECT count(*) AS rows, count(cur.value) AS set, count(*) FILTER (WHERE cur.value IS NULL AND g.${r.staged} IS NOT NULL) AS waiting FROM ${said(child)} g
   CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key FROM ${child.leaf} m WHERE ${leafKey(child)} = g.k AND m.closed_by IS NULL) m
   CROSS JOIN LATERAL (SELECT t.${quoteIdentifier(r.column)} AS value FROM ${child.target.table} t WHERE ${child.target.matchesMapping('m')}) cur`;

export const stagedReferences = (child: CompiledEntity): string => `SELECT count(*) AS rows FROM ${said(child)}`;

/** Found of one reference, by kind. */
export const countBroken = (column: string): string =>
  `SELECT b.kind, count(*) AS rows, count(*) FILTER (WHERE b.provable) AS provable FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(column)} GROUP BY b.kind`;

/** The first of them, to be read: keys alone, no other value of a row. */
export const firstBroken = (column: string, most: number): string =>
  `SELECT b.legacy_key, b.kind, b.current, b.expected, b.parent_key, b.provable::text AS provable, b.reason FROM ${BROKEN} b WHERE b.column_name = ${quoteLiteral(column)} ORDER BY b.legacy_key LIMIT ${most}`;

/**
 * Rows of the child's table that no mapping of the entity stands for and whose reference leads to no row: native rows, and
 * rows that nobody migrated. Where the constraint is missing, was added NOT VALID, or was not enforced for a while.
 */
function unmappedOrphans({ child, reference: r, parent }: ReferenceSides, select: string): string {
  const column = `t.${quoteIdentifier(r.column)}`;
  const belongs = child.target.belongs ?? 'true';
  const ofChild = child.target.keyKind === 'uuid' ? 'm.target_uuid' : 'm.target_key';
  const entityOnly = child.normal.columns.some((c) => c.kind === 'constant') ? belongs : 'true';
  return `${select} FROM ${child.target.table} t WHERE ${column} IS NOT NULL AND ${entityOnly}
     AND NOT EXISTS (SELECT FROM ${parent.target.table} f WHERE f.${parentColumn(parent)} = ${column}${parent.target.keyCollation})
     AND NOT EXISTS (SELECT FROM ${child.leaf} m WHERE ${ofChild} = ${child.target.keyOfRow} AND m.closed_by IS NULL)`;
}
export const countUnmappedOrphans = (sides: ReferenceSides): string =>
  unmappedOrphans(sides, 'SELECT count(*) AS rows');
export const firstUnmappedOrphans = (sides: ReferenceSides, most: number): string =>
  `${unmappedOrphans(sides, `SELECT (${sides.child.target.keyOfRow})::text AS key, (t.${quoteIdentifier(sides.reference.column)})::text AS current`)} ORDER BY 1 LIMIT ${most}`;
