/**
 * Mappings against what they stand for: each source row's mapping, the target row that it names, and the target row that
 * bears the source row's identity. Where the last two are not one row, the mapping is at fault, or there is none.
 */
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { resolved } from './decide.ts';
import { newUuid } from './new-key.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';

export const FAULTS = 'pg_temp.mapping_faults';
export const identities = (entity: CompiledEntity): string => `pg_temp.identities_${entity.entityId}`;

/** Columns that identify a row of the entity, and come from its source row. */
export const identityColumns = (entity: CompiledEntity): readonly CompiledColumn[] =>
  entity.columns.filter((column) => column.staged !== null && entity.normal.target.identity.includes(column.column));

/** Row `w` of the references that the identity leads through, resolved; with a column of no meaning where there is none. */
export const resolvedReferences = (entity: CompiledEntity, only?: readonly CompiledColumn[]): string => {
  const wanted = entity.references.filter((r) => only === undefined || only.some((c) => c.column === r.column));
  return `(SELECT ${['NULL::uuid AS target_uuid', ...wanted.map((r) => `${resolved(r)} AS ${r.staged}`)].join(', ')} OFFSET 0) w`;
};

const keyType = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"');

export const createFaults = `CREATE TEMP TABLE IF NOT EXISTS mapping_faults (legacy_key text COLLATE "C" PRIMARY KEY, kind text, mapped text, there boolean NOT NULL, bears boolean NOT NULL, shared boolean NOT NULL,
    found bigint NOT NULL DEFAULT 0, found_key text, held_by text, derived text, want text)`;
export const emptyFaults = `TRUNCATE ${FAULTS}`;

export const createIdentities = (entity: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS identities_${entity.entityId} (${[`k ${keyType(entity)} NOT NULL`, ...identityColumns(entity).map((c) => `${c.staged} ${c.wire}`)].join(', ')}); TRUNCATE ${identities(entity)}`;

export function identitiesOut(entity: CompiledEntity, range: KeyRange): string {
  const key = entity.order === 'integer' ? `(${entity.source.key})::bigint` : entity.source.key;
  const columns = identityColumns(entity).map((c) => `${c.source} AS ${c.staged}`);
  return `COPY (SELECT ${[`${key} AS k`, ...columns].join(', ')} FROM ${entity.source.from} WHERE ${allOf([...entity.source.where, ...inRange(entity.order, entity.source.key, range)])}) TO STDOUT`;
}
export const identitiesIn = (entity: CompiledEntity): string => `COPY ${identities(entity)} FROM STDIN`;
export const dropAmbiguousIdentities = (entity: CompiledEntity): string =>
  `DELETE FROM ${identities(entity)} WHERE k IN (SELECT k FROM ${identities(entity)} GROUP BY k HAVING count(*) > 1)`;
export const analyzeIdentities = (entity: CompiledEntity): string => `ANALYZE ${identities(entity)}`;

const textKey = (row: string): string => `coalesce(${row}.target_uuid::text, ${row}.target_key) COLLATE "C"`;
const isText = (entity: CompiledEntity): boolean => entity.target.keyKind === 'text';
/** A target key from its text, in the mapping's own type. */
export const typedKey = (entity: CompiledEntity, text: string): string =>
  isText(entity) ? `${text} COLLATE "C"` : `(${text})::uuid`;

/** A row that is marked as deleted stands for its source row still. */
const bears = (entity: CompiledEntity): string =>
  entity.target.matchesIdentity === null ? 'true' : `coalesce(${entity.target.matchesIdentity}, false)`;

/**
 * Rows of `rows` (identities, or whole staged rows) whose mapping is not plainly right: it is not there, its row is not
 * there or bears another identity, or another mapping names the same row. `all`: right ones too, for a repair that must know
 * who holds a row.
 */
export function judgeMappings(entity: CompiledEntity, rows: string, map: string, all = false): string {
  const column = targetKeyColumn(entity);
  const derived = entity.target.surrogate && entity.normal.ids === 'derived';
  const only = all ? undefined : identityColumns(entity);
  const shared = `EXISTS (SELECT FROM ${entity.leaf} o WHERE o.${column} = m.${column} AND o.closed_by IS NULL AND ${leafKey(entity, 'o')} <> g.k)`;
  // Without an identity nobody can say whose the row is: both mappings are at fault.
  const plain =
    entity.target.matchesIdentity === null
      ? 'm.k IS NOT NULL AND own.there IS NOT NULL AND NOT m.shared'
      : 'm.k IS NOT NULL AND own.there IS NOT NULL AND own.bears';
  // Then the one whose derivation the row's key is has the better claim.
  const own =
    entity.target.matchesIdentity === null
      ? `own.bears AND (NOT m.shared${derived ? ` OR m.key = (${newUuid(entity, map)})::text` : ''})`
      : 'own.bears';
  return `INSERT INTO ${FAULTS} (legacy_key, mapped, there, bears, shared, derived)
    SELECT g.k::text, m.key, own.there IS NOT NULL, coalesce(${own}, false), coalesce(m.shared, false), ${derived ? `(CASE WHEN g.k IS NOT NULL THEN ${newUuid(entity, map)} END)::text` : 'NULL'}
    FROM ${rows} g CROSS JOIN LATERAL ${resolvedReferences(entity, only)}
    LEFT JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.target_uuid, m.target_key, ${textKey('m')} AS key, ${shared} AS shared FROM ${entity.leaf} m WHERE ${leafKey(entity)} = g.k AND m.closed_by IS NULL) m ON true
    LEFT JOIN LATERAL (SELECT true AS there, ${bears(entity)} AS bears FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')}) own ON m.k IS NOT NULL
    WHERE ${all ? 'true' : `NOT (${plain})`} AND NOT EXISTS (SELECT FROM ${entity.leaf} c WHERE ${leafKey(entity, 'c')} = g.k AND c.closed_by IS NOT NULL) ON CONFLICT DO NOTHING`;
}

/** The target rows that bear the identity of those judged, and who holds them. With an index each is looked up, else all are joined. */
export function findBearers(entity: CompiledEntity, rows: string, all = false): readonly string[] {
  const { matchesIdentity, identityIndexed, keyOfRow, table } = entity.target;
  const column = targetKeyColumn(entity);
  const only = all ? undefined : identityColumns(entity);
  const found = `SELECT (${keyOfRow})::text COLLATE "C" AS key FROM ${table} t WHERE ${matchesIdentity ?? 'false'}`;
  const judged = `${FAULTS} x JOIN ${rows} g ON g.k = ${entity.order === 'integer' ? 'x.legacy_key::bigint' : 'x.legacy_key'} CROSS JOIN LATERAL ${resolvedReferences(entity, only)}`;
  const matches = identityIndexed
    ? `${judged} CROSS JOIN LATERAL (${found} OFFSET 0) f`
    : `${judged} JOIN LATERAL (${found}) f ON true`;
  const byIdentity =
    matchesIdentity === null
      ? []
      : [
          `UPDATE ${FAULTS} u SET found = f.rows, found_key = CASE WHEN f.rows = 1 THEN f.key END
           FROM (SELECT x.legacy_key, count(*) AS rows, min(f.key) AS key FROM ${matches} WHERE NOT x.bears GROUP BY x.legacy_key) f WHERE u.legacy_key = f.legacy_key`,
        ];
  return [
    ...byIdentity,
    `UPDATE ${FAULTS} u SET held_by = (SELECT min(${leafKey(entity, 'o')}::text) FROM ${entity.leaf} o WHERE o.${column} = ${typedKey(entity, 'u.found_key')} AND o.closed_by IS NULL AND ${leafKey(entity, 'o')}::text <> u.legacy_key)
     WHERE u.found_key IS NOT NULL`,
  ];
}

/**
 * - `missing`: a row bears the identity, and no mapping says so
 * - `dangling`: the mapping names a row that is not there
 * - `conflicting` (M004): the mapping names one row and another bears the identity, or several do, or the row that bears it is another key's
 * - `duplicate`: another mapping names the same row, and the row's identity is not this one's
 */
export const classifyFaults = `UPDATE ${FAULTS} SET kind = CASE
    WHEN mapped IS NULL THEN CASE WHEN found = 0 THEN NULL WHEN found > 1 OR held_by IS NOT NULL THEN 'conflicting' ELSE 'missing' END
    WHEN NOT there THEN 'dangling'
    WHEN shared AND NOT (found > 0) THEN 'duplicate'
    WHEN NOT bears AND found > 0 THEN 'conflicting' END`;

export const countFaults = `SELECT x.kind, count(*) AS rows FROM ${FAULTS} x WHERE x.kind IS NOT NULL GROUP BY 1`;
export const firstFaults = (most: number): string =>
  `SELECT x.legacy_key, x.kind, x.mapped, x.found_key, x.found, x.held_by FROM ${FAULTS} x WHERE x.kind IS NOT NULL ORDER BY x.legacy_key LIMIT ${most}`;
export const faultKeys = `SELECT x.legacy_key FROM ${FAULTS} x WHERE x.kind IS NOT NULL ORDER BY x.legacy_key`;

/** Of the range: mapped rows, those not derived as the map says, and those whose source row is gone. */
export function countMappings(entity: CompiledEntity, range: KeyRange, map: string): string {
  const derived = entity.target.surrogate && entity.normal.ids === 'derived';
  // A mapping that was made while the map said `random` keeps its UUID rightly.
  const wasRandom = `EXISTS (SELECT FROM portage.operations o JOIN portage.maps d USING (map_name, map_hash) WHERE o.operation_no = m.operation_no AND d.document -> 'entities' -> ${quoteLiteral(entity.name)} ->> 'ids' = 'random')`;
  const other = derived
    ? `m.origin = 'i' AND m.target_uuid IS DISTINCT FROM (SELECT ${newUuid(entity, map)} FROM (SELECT ${leafKey(entity)} AS k) g) AND NOT ${wasRandom}`
    : 'false';
  return `SELECT count(*) AS mapped, count(*) FILTER (WHERE ${other}) AS not_derived,
      count(*) FILTER (WHERE NOT EXISTS (SELECT FROM ${identities(entity)} g WHERE g.k = ${leafKey(entity)})) AS source_gone
    FROM ${entity.leaf} m WHERE ${allOf(['m.closed_by IS NULL', ...inRange(entity.order, leafKey(entity), range)])}`;
}

export function firstNotDerived(entity: CompiledEntity, range: KeyRange, map: string, most: number): string {
  const uuid = `(SELECT ${newUuid(entity, map)} FROM (SELECT ${leafKey(entity)} AS k) g)`;
  return `SELECT ${leafKey(entity)}::text AS legacy_key, m.target_uuid::text AS mapped, ${uuid}::text AS derived FROM ${entity.leaf} m
    WHERE ${allOf(['m.closed_by IS NULL', "m.origin = 'i'", `m.target_uuid IS DISTINCT FROM ${uuid}`, ...inRange(entity.order, leafKey(entity), range)])} ORDER BY ${leafKey(entity)} LIMIT ${most}`;
}

/** Target rows that several open mappings name, also such whose source rows are gone. */
export const sharedRows = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows FROM (SELECT FROM ${entity.leaf} m WHERE m.closed_by IS NULL GROUP BY m.${targetKeyColumn(entity)} HAVING count(*) > 1) d`;

export const countIdentities = (entity: CompiledEntity): string => `SELECT count(*) AS rows FROM ${identities(entity)}`;
