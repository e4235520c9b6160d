/** One row in all its places, by column: what the source says, what the target has, and what each side was when it was last migrated. */
import type { CompiledColumn, CompiledEntity } from '../../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../../domain/identifiers.ts';
import { baseAt, basedColumns } from '../align.ts';
import { leafKey, targetKeyColumn } from '../leaf.ts';
import { allOf, keyLiteral } from '../range.ts';
import { shown } from '../record.ts';
import { stage } from '../scratch.ts';

/** The target row of the legacy key, by its identity or, where only the mapping knows it, by that. */
function targetRow(entity: CompiledEntity, key: string): string {
  const { verify } = entity;
  const pairs =
    verify.via === 'identity'
      ? `(${verify.targetKey} = (SELECT ${verify.desiredKey} FROM ${stage(entity)} g LIMIT 1) OR ${verify.legacyText} = ${quoteLiteral(key)})`
      : `${verify.targetKey} = ${keyLiteral(verify.keyOrder, key)}`;
  const references = verify.references.map((reference, i) => `, ${reference.key} AS portage_r${i}`);
  return `(SELECT t.*${references.join('')} FROM ${verify.from} WHERE ${allOf([...verify.where, pairs])}) AS t`;
}

/** A mapping row of the key as `m`, or one without anything. */
const mappingRow = (entity: CompiledEntity, key: string): string =>
  entity.leaf === null
    ? '(SELECT NULL::text AS target_key, NULL::bytea AS source_columns, NULL::bytea AS target_columns WHERE false) AS m'
    : `(SELECT m.* FROM ${entity.leaf} m WHERE ${leafKey(entity)} = ${keyLiteral(entity.order, key)}) AS m`;

interface Place {
  readonly wanted: string;
  readonly found: string;
  readonly differs: string;
  readonly reason: string;
}

function placeOf(entity: CompiledEntity, column: CompiledColumn): Place {
  const { verify } = entity;
  const at = verify.references.findIndex((reference) => reference.column === column.column);
  const reference = verify.references[at];
  if (reference !== undefined) {
    const key = `t.portage_r${at}`;
    const own = `t.${quoteIdentifier(column.column)}`;
    return {
      wanted: `g.${reference.staged}::text`,
      found: `CASE WHEN ${own} IS NOT NULL AND ${key} IS NULL THEN 'no row of ${reference.parent.replaceAll("'", "''")}: ' || ${own}::text ELSE ${key}::text END`,
      differs: `g.${reference.staged} IS DISTINCT FROM ${key} OR (${own} IS NOT NULL AND ${key} IS NULL)`,
      reason: `CASE WHEN ${reference.orphan} THEN 'orphan' ELSE 'wrong_parent' END`,
    };
  }
  const value = verify.values.find((each) => each.column === column.column);
  return {
    wanted: shown(column, column.textDesired),
    found: shown(column, column.textTarget),
    differs: value?.differs ?? 'false',
    reason: value?.reason ?? "'value'",
  };
}

/** A row a column; none where neither side has the row. */
export function columnsOfRow(entity: CompiledEntity, key: string): string {
  const based = basedColumns(entity);
  const rows = entity.columns.map((column, i) => {
    const { wanted, found, differs, reason } = placeOf(entity, column);
    const place = based.indexOf(column);
    const known = place >= 0 && entity.leaf !== null;
    const changed = (now: string, before: string): string =>
      known ? `${now} <> ${baseAt(before, place)}` : 'NULL::boolean';
    const compared = column.onInsertOnly ? 'NULL::boolean' : differs;
    // A reference's base is over the target's own key, which the staged row does not have.
    const sourceNow = column.kind === 'reference' ? null : column.baseDesired;
    return `(${i}, ${quoteLiteral(column.column)}, ${quoteLiteral(column.kind)}, ${column.sensitive}, (${wanted})::text, (${found})::text, ${compared}, ${reason},
      ${sourceNow === null ? 'NULL::boolean' : changed(sourceNow, 'm.source_columns')}, ${changed(column.baseTarget, 'coalesce(m.target_columns, m.source_columns)')})`;
  });
  return `SELECT c.name, c.kind, c.sensitive::text AS sensitive, CASE WHEN g.k IS NOT NULL THEN c.wanted END AS wanted, CASE WHEN t.there THEN c.found END AS found,
      CASE WHEN g.k IS NOT NULL AND t.there THEN (c.differs)::text END AS differs, CASE WHEN g.k IS NOT NULL AND t.there AND c.differs THEN c.reason END AS reason,
      CASE WHEN g.k IS NOT NULL THEN c.source_changed::text END AS source_changed, CASE WHEN t.there THEN c.target_changed::text END AS target_changed
    FROM (SELECT 1) AS one LEFT JOIN ${stage(entity)} g ON true LEFT JOIN (SELECT t.*, true AS there FROM ${targetRow(entity, key)} LIMIT 1) AS t ON true LEFT JOIN ${mappingRow(entity, key)} ON true
    CROSS JOIN LATERAL (VALUES ${rows.join(', ')}) AS c (n, name, kind, sensitive, wanted, found, differs, reason, source_changed, target_changed) ORDER BY c.n`;
}

/** How many target rows stand for the key, and the key of one of them. */
export const targetOfKey = (entity: CompiledEntity, key: string): string =>
  `SELECT count(*) AS rows, min(${entity.target.keyOfRow}::text) AS key FROM ${targetRow(entity, key)}`;

/** What the ledger says of the key. */
export const mappingOfKey = (entity: CompiledEntity, key: string): string =>
  `SELECT m.${targetKeyColumn(entity)}::text AS key, m.origin, (m.closed_by IS NOT NULL)::text AS closed, o.operation_id, (m.source_hash IS NOT NULL AND m.target_hash IS NOT NULL)::text AS based,
     EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')})::text AS there
   FROM ${entity.leaf} m JOIN portage.operations o USING (operation_no) WHERE ${leafKey(entity)} = ${keyLiteral(entity.order, key)}`;
