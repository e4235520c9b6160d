/**
 * What to do with each row of a backup, decided in the work table: `gather` finds its mapping and its row, `judge` compares,
 * `demote` looks whether what the row refers to is there. The writes are those of a migration (sql/write.ts), over an entity
 * whose values come out of the file (domain/compiled/compile-restored.ts); at last the mapping is what it was.
 *
 * Actions beside those of a migration: `map`, a mapping without a row comes back alone; `occupied`, another row stands where
 * this one belongs.
 */
import { ROW_FIELDS } from '../../domain/backup.ts';
import { isLacking, stagedText } from '../../domain/compiled/compile-restored.ts';
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencedKey } from '../catalog/read-references.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';
import type { WriteFacts } from './write.ts';

/** Rows of the file between two places in it: (from, to]. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

const NEW = "('insert', 'again')";

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

const legacyType = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"');
const suffix = (entity: CompiledEntity): string => String(entity.entityId ?? 0);

/** The stage of a restore, in place of that of a migration: `n` is the row's number in the file. */
export const createRestoreScratch = (entity: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS stage_${suffix(entity)} (n bigint NOT NULL, k ${legacyType(entity)} NOT NULL, target_key text COLLATE "C", origin "char", closed text, h bigint, th bigint,
     sc bytea, tc bytea, waiting text${entity.columns.map((_, i) => `, ${stagedText(i)} text`).join('')});
   CREATE INDEX IF NOT EXISTS stage_${suffix(entity)}_k ON pg_temp.stage_${suffix(entity)} (k);
   CREATE TEMP TABLE IF NOT EXISTS work_${suffix(entity)} (k ${legacyType(entity)} NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
     source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[]) ON COMMIT DELETE ROWS;
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
 * row keeps the row out, as does another row's mapping.
 */
export function gatherRestored(entity: CompiledEntity, surrogate: boolean, range: RowRange): string {
  const key = targetKeyColumn(entity);
  const mappedElsewhere = `EXISTS (SELECT FROM ${entity.leaf} x WHERE x.${key} = f.${key} AND x.closed_by IS NULL AND ${leafKey(entity, 'x')} <> g.k)`;
  const moved = `m.k IS NOT NULL AND m.${key} IS DISTINCT FROM f.${key}`;
  return `INSERT INTO ${work(entity)} (k, action, known, in_source, source_changed, based, ${key})
    SELECT g.k, CASE
      WHEN NOT (${WAS_THERE}) THEN CASE WHEN m.k IS NULL THEN 'map' ELSE 'none' END
      ${surrogate ? "WHEN o.there THEN 'occupied'\n      " : ''}WHEN NOT o.there AND n.there AND ${mappedElsewhere} THEN 'occupied'
      WHEN m.k IS NULL THEN CASE WHEN n.there THEN 'adopt' ELSE 'insert' END ELSE 'judge' END,
      m.k IS NOT NULL, ${WAS_THERE}, false, true, CASE WHEN o.there THEN m.${key} ELSE f.${key} END
    FROM ${stage(entity)} g
    LEFT JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.${key} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = g.k) m ON true
    CROSS JOIN LATERAL (SELECT ${keptKey(entity)} AS ${key} OFFSET 0) f
    CROSS JOIN LATERAL (SELECT CASE WHEN ${moved} THEN ${there(entity, 'm')} ELSE false END AS there OFFSET 0) o
    CROSS JOIN LATERAL (SELECT CASE WHEN m.k IS NULL OR ${moved} THEN ${there(entity, 'f')} ELSE false END AS there OFFSET 0) n
    WHERE g.n > ${range.from} AND g.n <= ${range.to}`;
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
  return `UPDATE ${work(entity)} u SET action = 'occupied' FROM (SELECT DISTINCT w.k FROM ${found}) x WHERE u.k = x.k`;
};

/** Of a bound row of the file: what is restored is what its mapping said, in every part. */
const sameMapping = (entity: CompiledEntity): string =>
  `(m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by IS NOT NULL) IS NOT DISTINCT FROM (g.h, g.th, g.sc, g.tc, g.closed IS NOT NULL)
     AND ${waitingNow(entity, 'w.k')} IS NOT DISTINCT FROM g.waiting`;

const waitingNow = (entity: CompiledEntity, key: string): string =>
  `(SELECT json_object_agg(p.column_name, p.parent_key ORDER BY p.column_name)::text FROM portage.pending_references p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = ${key}::text)`;

/** Compares the rows that are there with what they were. */
export function judgeRestored(entity: CompiledEntity): string {
  const equal = comingBack(entity).map((c) => `${c.exactDesired} IS NOT DISTINCT FROM ${c.exactTarget}`);
  const same = `(SELECT ${sameMapping(entity)} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k)`;
  return `UPDATE ${work(entity)} u SET equal = n.equal, action = n.action
    FROM (SELECT w.k, n.equal, CASE
        WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' WHEN n.equal IS NULL THEN 'insert' ELSE 'adopt_update' END
        WHEN n.equal IS NULL THEN 'again' WHEN NOT n.equal THEN 'update' WHEN ${same} THEN 'none' ELSE 'rebase' END AS action
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.equal FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT ${equal.join(' AND ')} AS equal FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.k = n.k AND u.action IN ('judge', 'adopt')`;
}

const comingBack = (entity: CompiledEntity): readonly CompiledColumn[] =>
  entity.columns.filter((column) => !column.onInsertOnly);

/** Rows that a first, unlocked look finds to be as they were are let go; the others are locked in key order and judged again. */
export const lockDiffering = (entity: CompiledEntity): readonly string[] => [
  `UPDATE ${work(entity)} SET action = CASE WHEN known THEN 'judge' ELSE 'adopt' END WHERE in_source AND action IN ('update', 'rebase', 'adopt', 'adopt_update')`,
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w WHERE w.action IN ('judge', 'adopt') ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`,
];

const WRITES = "('insert', 'again', 'update', 'adopt_update')";

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

/** Mappings of rows that were gone already come back without a row; taken back, they go again. */
export function mapAlone(entity: CompiledEntity, facts: WriteFacts): string {
  const key = targetKeyColumn(entity);
  const legacy = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  return `WITH map AS (
      INSERT INTO ${entity.leaf} AS m (${legacy}, source_hash, target_hash, ${key}, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
      SELECT w.k, g.h, g.th, w.${key}, ${entity.entityId}, ${facts.operationNo}, CASE WHEN g.closed IS NOT NULL THEN ${facts.operationNo} END, g.origin, g.sc, g.tc
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'map' RETURNING ${leafKey(entity)} AS k, m.${key} AS key
    )
    INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key)
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'adopt', k::text, key::text FROM map`;
}

const RESTORED = "('insert', 'again', 'update', 'adopt', 'rebase')";

/** The mapping of every row that came back, or was as it was, says again what it said: bases, origin, and what it waits for. */
export function restoreMappings(entity: CompiledEntity, operationNo: number): readonly string[] {
  const key = targetKeyColumn(entity);
  const set = `m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.origin, m.closed_by IS NOT NULL, m.${key}`;
  const rows = `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k`;
  return [
    `UPDATE ${entity.leaf} AS m SET source_hash = g.h, target_hash = g.th, source_columns = g.sc, target_columns = g.tc, origin = g.origin, ${key} = w.${key},
       closed_by = CASE WHEN g.closed IS NOT NULL THEN coalesce(m.closed_by, ${operationNo}) END
     FROM ${rows} WHERE w.action IN ${RESTORED} AND ${leafKey(entity)} = w.k AND (${set}) IS DISTINCT FROM (g.h, g.th, g.sc, g.tc, g.origin, g.closed IS NOT NULL, w.${key})`,
    `DELETE FROM portage.pending_references p USING ${rows} WHERE w.action IN ${RESTORED} AND p.entity_id = ${entity.entityId} AND p.legacy_key = w.k::text AND coalesce((g.waiting::json)->>p.column_name <> p.parent_key, true)`,
    `INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
     SELECT ${entity.entityId}, x.key, w.k::text, x.value, ${operationNo} FROM ${rows} CROSS JOIN LATERAL json_each_text(g.waiting::json) x WHERE w.action IN ${RESTORED} AND g.waiting IS NOT NULL
     ON CONFLICT (entity_id, column_name, legacy_key) DO NOTHING`,
  ];
}

/** Rows of the batch that wait for another one: parked, or written without a reference. */
export const keepWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.waiting_restores (operation_no, entity_id, legacy_key, written, reason)
   SELECT ${operationNo}, ${entity.entityId}, w.k::text, w.action <> 'park', 'the row that ' || array_to_string(w.missing, ', ') || ' refers to is not there' FROM ${work(entity)} w WHERE w.missing IS NOT NULL
   ON CONFLICT (operation_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason`;

/** $1 legacy key, $2 why. */
export const waitOne = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.waiting_restores (operation_no, entity_id, legacy_key, written, reason) VALUES (${operationNo}, ${entity.entityId}, $1, false, $2)
   ON CONFLICT (operation_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason`;

/** $1: rows that are there without a reference, or rows that are not. The next $3 keys after $2. */
export const nextWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT legacy_key, reason FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND written = $1 AND legacy_key > $2 ORDER BY legacy_key LIMIT $3`;

/** $1: keys that wait no longer, but for those that wait again. */
export const endWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `DELETE FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND legacy_key = ANY ($1::text[])
     AND legacy_key <> ALL (ARRAY(SELECT w.k::text FROM ${work(entity)} w WHERE w.missing IS NOT NULL))`;

/** Rows that wait for good. Gives how many did not come back, and how many without what they wait for. */
export const keepUnsettled = (entity: CompiledEntity, operationNo: number): string =>
  `WITH gone AS (DELETE FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} RETURNING legacy_key, written, reason), kept AS (
   ${KEPT} SELECT ${operationNo}, ${entity.entityId}, g.legacy_key, NULL, ${operationNo}, 'refused', CASE WHEN g.written THEN 'came back without it: ' ELSE '' END || g.reason FROM gone g ${AGAIN})
   SELECT count(*) FILTER (WHERE NOT written) AS out, count(*) FILTER (WHERE written) AS without FROM gone`;

export const countWaiting = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT count(*) AS rows FROM portage.waiting_restores WHERE operation_no = ${operationNo} AND entity_id = ${entity.entityId} AND NOT written`;

const KEPT =
  'INSERT INTO portage.kept_rows (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, detail)';
const AGAIN =
  'ON CONFLICT (rollback_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, detail = excluded.detail';

export const OCCUPIED = 'another row stands for this key now, or in its place';

/** Rows whose place is taken. */
export const keepOccupied = (entity: CompiledEntity, operationNo: number): string =>
  `${KEPT} SELECT ${operationNo}, ${entity.entityId}, w.k::text, w.${targetKeyColumn(entity)}::text, ${operationNo}, 'occupied', ${quoteLiteral(OCCUPIED)}
   FROM ${work(entity)} w WHERE w.action = 'occupied' ${AGAIN}`;

/** $1 legacy key, $2 why: one row that cannot come back. */
export const keepRefused = (entity: CompiledEntity, operationNo: number): string =>
  `${KEPT} VALUES (${operationNo}, ${entity.entityId}, $1, NULL, ${operationNo}, 'refused', $2) ${AGAIN}`;

export const stagedKeys = (entity: CompiledEntity, range: RowRange): string =>
  `SELECT g.k::text AS k, g.n FROM ${stage(entity)} g WHERE g.n > ${range.from} AND g.n <= ${range.to} ORDER BY g.n LIMIT 2`;
