/**
 * The writes of a batch, each with its mapping, bases and undo entry in the same statement (SEMANTICS 12, 28). Order:
 * updates before inserts, rows in target key order. base_target comes from RETURNING: the row after triggers and casts.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';

export interface WriteFacts {
  readonly operationNo: number;
  readonly batchNo: string;
}

const legacyColumn = (entity: CompiledEntity): string => (entity.order === 'integer' ? 'legacy_id' : 'legacy_key');

/** What a row that we wrote returns: its key, its hash and the hashes of its columns. */
const returned = (entity: CompiledEntity): string =>
  `${entity.target.keyOfRow} AS key, ${entity.target.hash} AS h, ${entity.target.columnHashes} AS ch`;

/** The bases of a written row; the target's columns are kept only where a trigger or a cast changed what was sent. */
const bases = (entity: CompiledEntity): { source: string; target: string; desired: string } => ({
  desired: `CROSS JOIN LATERAL (SELECT ${entity.target.hashDesired} AS h OFFSET 0) d`,
  source: `CASE WHEN d.h = r.h THEN r.ch ELSE ${entity.target.columnHashesDesired} END`,
  target: 'CASE WHEN d.h = r.h THEN NULL ELSE r.ch END',
});

/** Inserts rows with `action`: new ones with their mapping, or, `again`, ones whose mapping is there already. */
export function insertRows(entity: CompiledEntity, facts: WriteFacts, action: 'insert' | 'again'): string {
  const keyColumn = targetKeyColumn(entity);
  const columns = [...(entity.target.surrogate ? [{ name: entity.target.key[0] ?? '', value: 'w.target_uuid' }] : []), ...entity.columns.map((c) => ({ name: c.column, value: c.desired }))];
  const overriding = entity.target.alwaysIdentity.length > 0 ? 'OVERRIDING SYSTEM VALUE ' : '';
  const base = bases(entity);
  const written = `FROM ins r JOIN ${work(entity)} w ON w.${keyColumn} = r.key AND w.action = '${action}' JOIN ${stage(entity)} g ON g.k = w.k ${base.desired}`;
  const map =
    action === 'insert'
      ? `INSERT INTO ${entity.leaf} AS m (${legacyColumn(entity)}, source_hash, target_hash, ${keyColumn}, entity_id, operation_no, origin, source_columns, target_columns)
         SELECT w.k, g.h, r.h, r.key, ${entity.entityId}, ${facts.operationNo}, 'i', ${base.source}, ${base.target} ${written}`
      : `UPDATE ${entity.leaf} AS m SET source_hash = x.sh, target_hash = x.h, source_columns = x.sc, target_columns = x.tc, closed_by = NULL
         FROM (SELECT w.k, g.h AS sh, r.h, ${base.source} AS sc, ${base.target} AS tc ${written}) x WHERE ${leafKey(entity)} = x.k`;
  const undo = keyColumn === 'target_uuid' ? 'target_uuids' : 'target_keys';
  const legacy = entity.order === 'integer' ? 'legacy_ids' : 'legacy_keys';
  return `WITH ins AS (
      INSERT INTO ${entity.target.table} AS t (${columns.map((c) => quoteIdentifier(c.name)).join(', ')}) ${overriding}
      SELECT ${columns.map((c) => c.value).join(', ')} FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = '${action}' ORDER BY w.${keyColumn}
      RETURNING ${returned(entity)}
    ), map AS (${map} RETURNING ${leafKey(entity)} AS k, m.${keyColumn} AS key, m.target_hash AS h)
    INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, ${legacy}, ${undo}, hashes)
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, array_agg(k), array_agg(key), array_agg(h) FROM map HAVING count(*) > 0
    ON CONFLICT (batch_no, entity_id) DO UPDATE SET ${legacy} = undo_inserts.${legacy} || excluded.${legacy}, ${undo} = undo_inserts.${undo} || excluded.${undo}, hashes = undo_inserts.hashes || excluded.hashes`;
}

const undoColumns = 'batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns';

/** Updates rows, keeping what was written over. */
export function updateRows(entity: CompiledEntity, facts: WriteFacts): string {
  const written = entity.columns.filter((c) => !c.onInsertOnly && !entity.target.alwaysIdentity.includes(c.column));
  const names = written.map((c) => quoteLiteral(c.column)).join(', ');
  const base = bases(entity);
  return `WITH before AS MATERIALIZED (
      SELECT w.k, b.before FROM ${work(entity)} w CROSS JOIN LATERAL
        (SELECT jsonb_object(ARRAY[${names}], ARRAY[${written.map((c) => c.textTarget).join(', ')}]) AS before FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) b
      WHERE w.action = 'update'
    ), upd AS (
      UPDATE ${entity.target.table} AS t SET ${written.map((c) => `${quoteIdentifier(c.column)} = ${c.desired}`).join(', ')}
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action = 'update' AND ${entity.target.matchesMapping('w')}
      RETURNING w.k, ${returned(entity)}
    ), old AS MATERIALIZED (SELECT m.* FROM upd CROSS JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.* FROM ${entity.leaf} m WHERE ${leafKey(entity)} = upd.k) m
    ), map AS (
      UPDATE ${entity.leaf} AS m SET source_hash = x.sh, target_hash = x.h, ${targetKeyColumn(entity)} = x.key, source_columns = x.sc, target_columns = x.tc, closed_by = NULL
      FROM (SELECT r.k, g.h AS sh, r.h, r.key, ${base.source} AS sc, ${base.target} AS tc FROM upd r JOIN ${work(entity)} w ON w.k = r.k JOIN ${stage(entity)} g ON g.k = r.k ${base.desired}) x
      WHERE ${leafKey(entity)} = x.k RETURNING 1
    )
    INSERT INTO portage.undo_log (${undoColumns})
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'update', r.k::text, r.key::text, before.before, r.h, old.source_hash, old.target_hash, old.source_columns, old.target_columns
    FROM upd r JOIN before USING (k) JOIN old USING (k)`;
}

/** Adopts rows that somebody migrated before: a mapping alone; bases only where they are equal. */
export const adoptRows = (entity: CompiledEntity, facts: WriteFacts): string =>
  `WITH map AS (
      INSERT INTO ${entity.leaf} AS m (${legacyColumn(entity)}, source_hash, target_hash, ${targetKeyColumn(entity)}, entity_id, operation_no, origin, source_columns, target_columns)
      SELECT w.k, CASE WHEN w.action = 'adopt' THEN g.h END, CASE WHEN w.action = 'adopt' THEN r.h END, w.${targetKeyColumn(entity)}, ${entity.entityId}, ${facts.operationNo}, 'a', CASE WHEN w.action = 'adopt' THEN r.ch END, NULL
      FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k CROSS JOIN LATERAL (SELECT ${returned(entity)} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) r
      WHERE w.action IN ('adopt', 'adopt_conflict', 'adopt_update') RETURNING ${leafKey(entity)} AS k, m.${targetKeyColumn(entity)} AS key, m.target_hash AS h
    )
    INSERT INTO portage.undo_log (${undoColumns})
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'adopt', k::text, key::text, NULL, h, NULL, NULL, NULL, NULL FROM map`;

/** New bases for rows that are equal on both sides. */
export const rebaseRows = (entity: CompiledEntity, facts: WriteFacts): string =>
  `WITH old AS MATERIALIZED (SELECT w.k, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.target_uuid, m.target_key
      FROM ${work(entity)} w CROSS JOIN LATERAL (SELECT m.* FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k) m WHERE w.action = 'rebase'
    ), map AS (
      UPDATE ${entity.leaf} AS m SET source_hash = x.sh, target_hash = x.h, source_columns = x.ch, target_columns = NULL
      FROM (SELECT w.k, g.h AS sh, r.h, r.ch FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k
        CROSS JOIN LATERAL (SELECT ${returned(entity)} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) r WHERE w.action = 'rebase') x
      WHERE ${leafKey(entity)} = x.k RETURNING ${leafKey(entity)} AS k, m.target_hash AS h
    )
    INSERT INTO portage.undo_log (${undoColumns})
    SELECT ${facts.batchNo}, ${entity.entityId}, ${facts.operationNo}, 'remap', k::text, old.${targetKeyColumn(entity)}::text, NULL, map.h, old.source_hash, old.target_hash, old.source_columns, old.target_columns
    FROM map JOIN old USING (k)`;

/** Rows that are gone on both sides. */
export const closeMappings = (entity: CompiledEntity, facts: WriteFacts): string =>
  `UPDATE ${entity.leaf} AS m SET closed_by = ${facts.operationNo} FROM ${work(entity)} w WHERE w.action = 'close' AND ${leafKey(entity)} = w.k`;

/** References of written rows that were left NULL because the parent is not there yet; those that are there now are forgotten. */
export const keepPendingReferences = (entity: CompiledEntity, facts: WriteFacts): string => {
  const parents = entity.references.map((r) => `WHEN ${quoteLiteral(r.column)} THEN g.${r.staged}::text`).join(' ');
  return `INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
    SELECT ${entity.entityId}, c.name, w.k::text, CASE c.name ${parents} END, ${facts.operationNo} FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k CROSS JOIN unnest(w.missing) AS c (name)
    WHERE w.action IN ('insert', 'again', 'update')
    ON CONFLICT (entity_id, column_name, legacy_key) DO UPDATE SET parent_key = excluded.parent_key, operation_no = excluded.operation_no`;
};

/** A row written with its reference resolved no longer waits for it. */
export const dropPendingReferences = (entity: CompiledEntity): string =>
  `DELETE FROM portage.pending_references p USING ${work(entity)} w
   WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = w.k::text AND w.action IN ('update', 'again') AND NOT coalesce(p.column_name = ANY (w.missing), false)`;
