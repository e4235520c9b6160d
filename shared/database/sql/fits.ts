/** Whether staged values can be written: they are, into a temporary table of the target's types, domains included. */
import type { CompiledColumn } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';

export interface FitColumn {
  readonly column: CompiledColumn;
  /** Of the target column, with its modifier. */
  readonly type: string;
}

export interface UnfitRow {
  readonly key: string;
  readonly column: string | null;
  readonly sqlstate: string;
  readonly message: string;
}

export const createFits = (columns: readonly FitColumn[]): string =>
  `DROP TABLE IF EXISTS pg_temp.fits; CREATE TEMP TABLE fits (${columns.map(({ type }, i) => `f${i} ${type}`).join(', ')});
   CREATE TEMP TABLE IF NOT EXISTS unfit (legacy_key text, column_name text, sqlstate text, message text); TRUNCATE pg_temp.unfit`;

/** An assignment, as the write is one: it refuses what is too long, where a cast would cut it. */
export const fitAll = (rows: string, columns: readonly FitColumn[]): string =>
  `INSERT INTO pg_temp.fits SELECT ${columns.map(({ column }) => column.desired).join(', ')} FROM ${rows} g`;

/** Row by row, and of a row that fails column by column: in the server, where 5,000 rows take a tenth of a second. */
export const fitOneByOne = (rows: string, columns: readonly FitColumn[]): string => {
  const one = (i: number, { column }: FitColumn): string =>
    `BEGIN INSERT INTO pg_temp.fits (f${i}) SELECT ${column.desired} FROM ${rows} g WHERE g.k = r.k;
       EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN GET STACKED DIAGNOSTICS said = MESSAGE_TEXT;
         INSERT INTO pg_temp.unfit VALUES (r.k::text, ${quoteLiteral(column.column)}, SQLSTATE, said); END;`;
  return `DO $portage$ DECLARE r record; said text; BEGIN
    FOR r IN SELECT g.k FROM ${rows} g LOOP
      BEGIN ${fitAll(rows, columns)} WHERE g.k = r.k;
      EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN
        ${columns.map((column, i) => one(i, column)).join('\n')}
      END;
    END LOOP; END $portage$`;
};

export const unfitRows = (most: number): string =>
  `SELECT u.legacy_key, u.column_name, u.sqlstate, u.message FROM pg_temp.unfit u ORDER BY u.legacy_key, u.column_name LIMIT ${most}`;

/** The first rows with NULL where none may be, each with the number of all of them. A value that cannot be cast is no NULL. */
export const findNulls = (rows: string, columns: readonly FitColumn[], most: number): string =>
  `SELECT n.legacy_key, n.column_name, count(*) OVER () AS rows FROM (${columns
    .map(
      ({ column }) =>
        `SELECT g.k::text COLLATE "C" AS legacy_key, ${quoteLiteral(column.column)} AS column_name FROM ${rows} g WHERE g.${column.staged ?? 'k'} IS NULL`,
    )
    .join(' UNION ALL ')}) n ORDER BY n.legacy_key, n.column_name LIMIT ${most}`;
