/**
 * A dry run of a rollback: what it would have done so far stands in a table beside each entity's, and rows and mappings are
 * read through it. So the same statements decide as in a real run, on rows that were undone only in thought.
 */
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { undoTable, type UndoView } from './undo.ts';

/** there: null where the row is as it is; state: columns that are others, by their exact texts; the key is that of the real row. */
const foreseen = (entity: CompiledEntity): string => `pg_temp.foreseen_${entity.entityId}`;
const KEPT = 'pg_temp.foreseen_kept';

export const createForeseen = (entity: CompiledEntity): string => {
  const name = `foreseen_${entity.entityId}`;
  return `DROP TABLE IF EXISTS ${foreseen(entity)};
    CREATE TEMP TABLE ${name} (k ${entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"'} PRIMARY KEY, target_uuid uuid, target_key text COLLATE "C", there boolean, state jsonb NOT NULL,
      mapped boolean NOT NULL, operation_no integer, origin "char", closed_by integer, source_hash bigint, target_hash bigint, source_columns bytea, target_columns bytea);
    CREATE INDEX ON pg_temp.${name} (${targetKeyColumn(entity)})`;
};
export const createForeseenKept = `DROP TABLE IF EXISTS ${KEPT}; CREATE TEMP TABLE foreseen_kept (LIKE portage.kept_rows INCLUDING INDEXES INCLUDING DEFAULTS)`;
export const emptyUndo = (entity: CompiledEntity): string => `DELETE FROM ${undoTable(entity)}`;

/** The row with what is foreseen of it. */
function rowOf(entity: CompiledEntity, relation: Relation): string {
  const columns = relation.columns.map(({ name, type, generated }) => {
    const own = quoteIdentifier(name);
    const changed = `CASE WHEN o.state ? ${quoteLiteral(name)} THEN (o.state->>${quoteLiteral(name)})::${type} ELSE t.${own} END`;
    return { own, changed: generated ? `t.${own}` : changed };
  });
  const real = columns.map(({ own }) => `t.${own}`).join(', ');
  const changed = columns.map((column) => `${column.changed} AS ${column.own}`).join(', ');
  const table = `${entity.target.table} t`;
  const xmin = relation.kind === 'table' || relation.kind === 'partitioned' ? 't.xmin' : 'NULL::xid';
  return `(SELECT ${real}, ${xmin} AS row_xmin, false AS foreseen FROM ${table} WHERE ${entity.target.matchesMapping('w')} AND NOT EXISTS (SELECT FROM ${foreseen(entity)} o WHERE o.k = w.k AND o.there IS NOT NULL)
      UNION ALL SELECT ${changed}, NULL::xid, true FROM ${foreseen(entity)} o LEFT JOIN ${table} ON ${entity.target.matchesMapping('o')} WHERE o.k = w.k AND o.there) t`;
}

export const FORESEEN: UndoView = {
  row: rowOf,
  ours: 't.foreseen',
  xmin: 't.row_xmin',
  mapping: (entity) => {
    const columns = (from: string): string =>
      ['operation_no', 'origin', 'closed_by', 'source_hash', 'target_hash', 'source_columns', 'target_columns']
        .map((name) => `${from}.${name}`)
        .join(', ');
    return `LEFT JOIN LATERAL (SELECT true AS there, ${columns('m')} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k AND NOT EXISTS (SELECT FROM ${foreseen(entity)} o WHERE o.k = w.k)
      UNION ALL SELECT true, ${columns('o')} FROM ${foreseen(entity)} o WHERE o.k = w.k AND o.mapped) m ON true`;
  },
  gone: (child, key) => {
    const elsewhere = key.pairs.map(
      ({ child: column }) =>
        `(o.state ? ${quoteLiteral(column)} AND o.state->>${quoteLiteral(column)} IS DISTINCT FROM t.${quoteIdentifier(column)}::text)`,
    );
    return `EXISTS (SELECT FROM ${foreseen(child)} o WHERE o.${targetKeyColumn(child)} = ${child.target.keyOfRow} AND (NOT o.there OR ${elsewhere.join(' OR ')}))`;
  },
  kept: KEPT,
};

/** Notes what would be undone: the rows without a verdict. */
export const foresee = (entity: CompiledEntity): string => {
  const key = targetKeyColumn(entity);
  return `INSERT INTO ${foreseen(entity)} AS f (k, ${key}, there, state, mapped, operation_no, origin, closed_by, source_hash, target_hash, source_columns, target_columns)
   SELECT w.k, w.${key}, CASE w.kind WHEN 'insert' THEN false WHEN 'none' THEN NULL ELSE true END, coalesce(w.before, '{}'), NOT w.forget, coalesce(w.mapped_by, m.operation_no), coalesce(w.mapped_origin, m.origin),
     w.closed_before, w.source_hash, w.target_hash, w.source_columns, w.target_columns
   FROM ${undoTable(entity)} w ${FORESEEN.mapping(entity)} WHERE w.verdict IS NULL
   ON CONFLICT (k) DO UPDATE SET there = coalesce(excluded.there, f.there), state = CASE WHEN excluded.there IS FALSE THEN '{}' ELSE f.state || excluded.state END, mapped = excluded.mapped,
     operation_no = excluded.operation_no, origin = excluded.origin, closed_by = excluded.closed_by, source_hash = excluded.source_hash, target_hash = excluded.target_hash,
     source_columns = excluded.source_columns, target_columns = excluded.target_columns`;
};
