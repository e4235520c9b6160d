/**
 * Bases carried over into the map as it is now (SEMANTICS 16). A base of four bytes a column survives where its column does:
 * the bytes are put into the new order, a removed column's are left out. A column without a base (new, or hashed in another
 * form) gets one by what stands in the target: where that is nothing or the default, the target counts as unchanged, so
 * that the column is filled; otherwise as changed, so that nothing is written over unseen. In the source it counts as
 * changed wherever it asks for something else than the target has.
 *
 * Of a row that is unchanged in the target by its columns the row's own hash is taken anew. All others are judged by
 * column (judge-columns.ts) until they are decided.
 */
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';

/** What the bases in the ledger were taken over. */
export interface BaseLayout {
  readonly columns: readonly string[];
  readonly forms: readonly string[];
}

const WIDTH = 4;
const NONE = "'\\x00000000'::bytea";
/** Four bytes that are not those of the value: its first byte turned over. */
const another = (base: string): string =>
  `(SELECT set_byte(b.b, 0, 255 - get_byte(b.b, 0)) FROM (SELECT ${base} AS b) AS b)`;

export const basedColumns = (entity: CompiledEntity): readonly CompiledColumn[] =>
  entity.columns.filter((column) => !column.onInsertOnly);

/** The four bytes of the column at that place. */
export const baseAt = (bases: string, place: number): string => `substr(${bases}, ${place * WIDTH + 1}, ${WIDTH})`;

export const NEW_COLUMN = -1;

/** Where each of the entity's columns stands in the old bases; NEW_COLUMN where it has none there. */
export const placesIn = (old: BaseLayout, entity: CompiledEntity): readonly number[] =>
  entity.baseColumns.map((column, i) => {
    const place = old.columns.indexOf(column);
    return place >= 0 && old.forms[place] === entity.baseForms[i] ? place : NEW_COLUMN;
  });

/** True where nobody has put anything into the column; `defaults` are over no alias. */
const untouched = (column: CompiledColumn, defaults: ReadonlyMap<string, string>): string => {
  const inTarget = `t.${quoteIdentifier(column.column)}`;
  const value = defaults.get(column.column);
  return value === undefined ? `${inTarget} IS NULL` : `(${inTarget} IS NULL OR ${inTarget}::text = (${value})::text)`;
};

/**
 * The statements, in order: rows that are in the target, rows that are not, rows that have no bases by column.
 * @param defaults constant defaults of target columns, as expressions of the column's type
 */
export function alignBases(
  entity: CompiledEntity,
  old: BaseLayout,
  defaults: ReadonlyMap<string, string>,
  sourceComparable: boolean,
): readonly string[] {
  const places = placesIn(old, entity);
  const columns = basedColumns(entity).map((column, i) => ({ column, place: places[i] ?? NEW_COLUMN }));
  const before = 'coalesce(m.target_columns, m.source_columns)';
  const ofSource = columns.map(({ column, place }) =>
    place === NEW_COLUMN ? column.baseTarget : baseAt('m.source_columns', place),
  );
  const ofTarget = columns.map(({ column, place }) =>
    place === NEW_COLUMN
      ? `CASE WHEN ${untouched(column, defaults)} THEN ${column.baseTarget} ELSE ${another(column.baseTarget)} END`
      : baseAt(before, place),
  );
  const unchanged = columns.map(({ column, place }) =>
    place === NEW_COLUMN ? untouched(column, defaults) : `${column.baseTarget} = ${baseAt(before, place)}`,
  );
  const absent = columns.map(({ place }) => (place === NEW_COLUMN ? NONE : baseAt('m.source_columns', place)));
  const source = sourceComparable ? '' : 'source_hash = NULL, ';
  const bytes = (parts: readonly string[]): string => parts.join(' || ');
  return [
    `UPDATE ${entity.leaf} AS m SET ${source}target_hash = CASE WHEN ${unchanged.join(' AND ')} THEN ${entity.target.hash} END, source_columns = ${bytes(ofSource)}, target_columns = nullif(${bytes(ofTarget)}, ${bytes(ofSource)})
     FROM ${entity.target.table} AS t WHERE m.source_columns IS NOT NULL AND ${entity.target.matchesMapping('m')}`,
    `UPDATE ${entity.leaf} AS m SET ${source}target_hash = NULL, source_columns = ${bytes(absent)}, target_columns = NULL
     WHERE m.source_columns IS NOT NULL AND NOT EXISTS (SELECT FROM ${entity.target.table} AS t WHERE ${entity.target.matchesMapping('m')})`,
    `UPDATE ${entity.leaf} AS m SET ${source}target_hash = NULL WHERE m.source_columns IS NULL`,
  ];
}

/** Where only what is consumed changed: a constant, the parent of a reference, the way in which the source hashes. */
export const forgetSourceHashes = (entity: CompiledEntity): string =>
  `UPDATE ${entity.leaf} SET source_hash = NULL WHERE source_hash IS NOT NULL`;

/** Where the target hashes otherwise than it did: nothing that it hashed can be compared. */
export const forgetTargetHashes = (entity: CompiledEntity): string =>
  `UPDATE ${entity.leaf} SET target_hash = NULL, source_columns = NULL, target_columns = NULL`;

/** A dry run looks at bases that it aligned in a table of its own. */
export const copyLeaf = (entity: CompiledEntity): { readonly name: string; readonly sql: string } => {
  const name = `aligned_${entity.entityId}`;
  const key = entity.order === 'integer' ? 'legacy_id' : 'legacy_key';
  return {
    name: `pg_temp.${name}`,
    sql: `CREATE TEMP TABLE ${name} AS TABLE ${entity.leaf}; CREATE UNIQUE INDEX ON pg_temp.${name} (${key}); ANALYZE pg_temp.${name}`,
  };
};
