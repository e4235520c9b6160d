/**
 * What to do with each row of a backup, decided in the work table: `gather` finds its mapping and its row, `judge` compares,
 * `demote` looks whether what the row refers to is there. The writes are those of a migration (sql/write.ts), over an entity
 * whose values come out of the file (domain/compiled/compile-restored.ts); at last the mapping is what it was.
 *
 * Actions beside those of a migration: `return`, a row comes back to a mapping that says what the file says; `map`, a mapping
 * without a row comes back alone; `occupied`, another row stands where this one belongs.
 */
import { ROW_FIELDS } from '../../domain/backup.ts';
import { isLacking, stagedText } from '../../domain/compiled/compile-restored.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencedKey } from '../catalog/read-references.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { keyType, stage, work, workTable } from './scratch.ts';

/** Rows of the file between two places in it: (from, to]. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

const NEW = "('insert', 'again', 'return')";

const FIELDS = {
  key: 'k',
  target: 'target_key',
  origin: 'origin',
  closed: 'closed',
  sourceHash: 'h',
  targetHash: 'th',
  sourceColumns: 'sc',
  targetColumns: 'tc',
  waiting: 'waiting',
} as const satisfies Record<(typeof ROW_FIELDS)[number], string>;

const suffix = (entity: CompiledEntity): string => String(entity.entityId ?? 0);

/** The stage of a restore, in place of that of a migration: `n` is the row's number in the file. */
export const createRestoreScratch = (entity: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS stage_${suffix(entity)} (n bigint NOT NULL, k ${keyType(entity)} NOT NULL, target_key text COLLATE "C", origin "char", closed text, h bigint, th bigint,
     sc bytea, tc bytea, waiting text${entity.columns.map((_, i) => `, ${stagedText(i)} text`).join('')});
   CREATE INDEX IF NOT EXISTS stage_${suffix(entity)}_k ON pg_temp.stage_${suffix(entity)} (k);
   ${workTable(entity)};
   CREATE INDEX IF NOT EXISTS work_${suffix(entity)}_k ON pg_temp.work_${suffix(entity)} (k)`;

export const copyInRestored = (entity: CompiledEntity): string =>
  `COPY ${stage(entity)} (${['n', ...ROW_FIELDS.map((field) => FIELDS[field]), ...entity.columns.map((_, i) => stagedText(i))].join(', ')}) FROM STDIN`;

const parked = (entity: CompiledEntity): string => `pg_temp.parked_${suffix(entity)}`;

/** Rows that are worked on again and again stay in the session, and are staged from there. */
export const keepStaged = (entity: CompiledEntity): string =>
  `DROP TABLE IF EXISTS ${parked(entity)}; CREATE TEMP TABLE parked_${suffix(entity)} AS TABLE ${stage(entity)}`;

/** $1: legacy keys. */
export const stageKept = (entity: CompiledEntity): string =>
  `INSERT INTO ${stage(entity)} SELECT p.* FROM ${parked(entity)} p WHERE p.k::text = ANY ($1::text[])`;

/** Whether the mapping's row was in the target; of one that was not, the target key stands in a field of its own. */
const WAS_THERE = 'g.target_key IS NULL';

/** The key that the row had, in the form of the mapping's column. */
const keptKey = (entity: CompiledEntity): string =>
  `CASE WHEN ${WAS_THERE} THEN ${entity.target.keyDesired ?? 'NULL'} ELSE g.target_key${entity.target.keyKind === 'uuid' ? '::uuid' : ''} END`;

const there = (entity: CompiledEntity, row: string): string =>
  `EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping(row)})`;

/**
 * Rows of the range with the mapping that their key has now. A row is looked for where the mapping leads; where that is
 * nowhere, or there is none, under the key that it had. A key that the mapping gives never moves: one that leads to another
 * row keeps the row out, as does another row's mapping. A row that is as it was, to which its mapping leads as it did, needs
 * nothing, and is left out.
 */
export function gatherRestored(entity: CompiledEntity, surrogate: boolean, range: RowRange): string {
  const key = targetKeyColumn(entity);
  const mappedElsewhere = `EXISTS (SELECT FROM ${entity.leaf} x WHERE x.${key} = f.${key} AND x.closed_by IS NULL AND ${leafKey(entity, 'x')} <> g.k)`;
  const moved = `m.k IS NOT NULL AND m.${key} IS DISTINCT FROM f.${key}`;
  const stays = `${WAS_THERE} AND m.k IS NOT NULL AND m.${key} = f.${key}`;
  return `INSERT INTO ${work(entity)} (k, action, known, in_source, source_changed, based, ${key})
    SELECT g.k, CASE
      WHEN NOT (${WAS_THERE}) THEN CASE WHEN m.k IS NULL THEN 'map' ELSE 'none' END
      ${surrogate ? "WHEN o.there THEN 'occupied'\n      " : ''}WHEN NOT o.there AND n.there AND ${mappedElsewhere} THEN 'occupied'
      WHEN m.k IS NULL THEN CASE WHEN n.there THEN 'adopt' ELSE 'insert' END WHEN e.looked AND e.equal IS NULL AND s.same THEN 'return' ELSE 'judge' END,
      m.k IS NOT NULL, ${WAS_THERE}, false, true, CASE WHEN o.there THEN m.${key} ELSE f.${key} END
    FROM ${stage(entity)} g
    LEFT JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.${key}, m.origin, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM ${entity.leaf} m WHERE ${leafKey(entity)} = g.k) m ON true
    CROSS JOIN LATERAL (SELECT g.k, ${keptKey(entity)} AS ${key}, NULL::text[] AS missing OFFSET 0) f
    CROSS JOIN LATERAL (SELECT CASE WHEN ${moved} THEN ${there(entity, 'm')} ELSE false END AS there OFFSET 0) o
    CROSS JOIN LATERAL (SELECT CASE WHEN m.k IS NULL OR ${moved} THEN ${there(entity, 'f')} ELSE false END AS there OFFSET 0) n
    CROSS JOIN LATERAL (SELECT f.* OFFSET 0) w
    CROSS JOIN LATERAL (SELECT ${stays} AS looked, CASE WHEN ${stays} THEN (SELECT ${equalNow(entity)} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) END AS equal OFFSET 0) e
    CROSS JOIN LATERAL (SELECT CASE WHEN e.looked AND coalesce(e.equal, true) THEN ${sameMapping(entity)} END AS same OFFSET 0) s
    WHERE g.n > ${range.from} AND g.n <= ${range.to} AND (e.equal AND s.same) IS NOT TRUE`;
}

/**
 * A row that is gone, and another one with its identity that no mapping knows: both cannot stand for one source row. One that
 * a mapping knows may give the identity back when its own turn comes.
 */
export const occupiedByIdentity = (entity: CompiledEntity): string | null => {
  if (entity.target.matchesIdentity === null) return null;
  const key = targetKeyColumn(entity);
  const unknown = `NOT EXISTS (SELECT FROM ${entity.leaf} x WHERE x.${key} = ${entity.target.keyOfRow})`;
  const rows = `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k`;
  const found = entity.target.identityIndexed
    ? `${rows} WHERE w.action IN ${NEW} AND EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.matchesIdentity} AND ${unknown})`
    : `${rows} JOIN ${entity.target.table} t ON ${entity.target.matchesIdentity} WHERE w.action IN ${NEW} AND ${unknown}`;
  return `UPDATE ${work(entity)} u SET action = 'occupied' FROM (SELECT DISTINCT w.ctid AS place FROM ${found}) x WHERE u.ctid = x.place`;
};

/** Of a bound row of the file: what is restored is what its mapping said, in every part. */
const sameMapping = (entity: CompiledEntity): string =>
  `(m.${targetKeyColumn(entity)}, m.origin, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by IS NOT NULL) IS NOT DISTINCT FROM (w.${targetKeyColumn(entity)}, g.origin, g.h, g.th, g.sc, g.tc, g.closed IS NOT NULL)
     AND (g.waiting IS NULL AND NOT EXISTS (SELECT FROM portage.pending_references WHERE entity_id = ${entity.entityId}) OR ${waitingNow(entity, 'w.k')} IS NOT DISTINCT FROM g.waiting)`;

const waitingNow = (entity: CompiledEntity, key: string): string =>
  `(SELECT json_object_agg(p.column_name, p.parent_key ORDER BY p.column_name)::text FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = ${key}::text)`;

/** Compares the rows that are there with what they were. */
export function judgeRestored(entity: CompiledEntity): string {
  const same = `(SELECT ${sameMapping(entity)} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k)`;
  return `UPDATE ${work(entity)} u SET equal = n.equal, action = n.action
    FROM (SELECT w.ctid AS place, n.equal, CASE
        WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' WHEN n.equal IS NULL THEN 'insert' ELSE 'adopt_update' END
        WHEN NOT n.equal THEN 'update' WHEN ${same} THEN CASE WHEN n.equal THEN 'none' ELSE 'return' END WHEN n.equal THEN 'rebase' ELSE 'again' END AS action
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.equal FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT ${equalNow(entity)} AS equal FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.ctid = n.place`;
}

/** Over `t`: every column that comes back is what it was. */
const equalNow = (entity: CompiledEntity): string =>
  entity.columns
    .filter((column) => !column.onInsertOnly)
    .map((column) => `${column.exactDesired} IS NOT DISTINCT FROM ${column.exactTarget}`)
    .join(' AND ');

/** Rows that a first, unlocked look finds to be as they were are let go; the others are locked in key order and judged again. */
export const lockDiffering = (entity: CompiledEntity): readonly string[] => [
  `UPDATE ${work(entity)} SET action = CASE WHEN known THEN 'judge' ELSE 'adopt' END WHERE in_source AND action IN ('update', 'rebase', 'adopt', 'adopt_update')`,
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w WHERE w.action IN ('judge', 'adopt') ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`,
];

const WRITES = "('insert', 'again', 'return', 'update', 'adopt_update')";

/** A foreign key of the entity's table with what the file says of its columns. */
export interface RestoredReference {
  readonly key: ReferencedKey;
  /** Values of its columns over `g`, in the order of its pairs. */
  readonly values: readonly string[];
  /** Their places in the stage. */
  readonly places: readonly string[];
  /** A row that is gone comes back with NULL in the column until its parent is there. */
  readonly nullFirst: string | null;
  /** No column of it is mapped: of a row that is there it stays as it is. */
  readonly unmapped: boolean;
}

/** An entity that is written in the same transaction, and where its stage has the columns that the key refers to. */
export interface WrittenBeside {
  readonly entity: CompiledEntity;
  readonly places: readonly string[];
}

/**
 * Rows whose parent is not there: parked, or written with NULL in the reference where that may be and the row is gone. A
 * parent that is written beside them counts as there. Gives how many; to be repeated until it is none, as a parked row is
 * no parent.
 */
export function demote(
  entity: CompiledEntity,
  { key, values, places, nullFirst, unmapped }: RestoredReference,
  beside: readonly WrittenBeside[],
): string {
  const given = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
  const found = key.pairs
    .map((pair, i) => `p.${quoteIdentifier(pair.parent)} ${pair.operator} ${values[i] ?? 'NULL'}`)
    .join(' AND ');
  // Texts of equal values may differ between two types: such a row waits until its parent is written.
  const written = beside.map(
    (other) =>
      ` AND NOT EXISTS (SELECT FROM ${stage(other.entity)} gp JOIN ${work(other.entity)} wp ON wp.k = gp.k WHERE wp.action IN ${WRITES} AND ${other.places.map((place, i) => `gp.${place} = g.${places[i] ?? ''}`).join(' AND ')})`,
  );
  const name = quoteLiteral(nullFirst ?? key.pairs.map((pair) => pair.child).join(', '));
  const parks = nullFirst === null ? "'park'" : `CASE WHEN w.action IN ${NEW} THEN w.action ELSE 'park' END`;
  return `UPDATE ${work(entity)} w SET action = ${parks}, missing = array_append(coalesce(w.missing, '{}'), ${name})
    FROM ${stage(entity)} g WHERE g.k = w.k AND w.action IN ${unmapped ? NEW : WRITES} AND NOT ${isLacking(nullFirst ?? '')} AND ${given}
      AND NOT EXISTS (SELECT FROM ${qualifiedName({ schema: key.schema, name: key.table })} p WHERE ${found})${written.join('')}`;
}

export const stagedKeys = (entity: CompiledEntity, range: RowRange): string =>
  `SELECT g.k::text AS k, g.n FROM ${stage(entity)} g WHERE g.n > ${range.from} AND g.n <= ${range.to} ORDER BY g.n LIMIT 2`;
