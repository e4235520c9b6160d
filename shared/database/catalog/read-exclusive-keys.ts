/**
 * What may stand in a table but once: its unique keys, also those over expressions, and its exclusion constraints, as statements
 * need them to tell which row keeps another out. Read when a row was refused for one of them, and not before.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

export interface ExclusiveKey {
  readonly name: string;
  /** `unique`: equality, so that rows fall into classes; otherwise one row may be in the way of two that are not in each other's. */
  readonly unique: boolean;
  /** Over the columns of the table by their bare names, each with the operator that holds between two rows that exclude each other. */
  readonly elements: readonly {
    readonly expression: string;
    /** The column, where it is one. */
    readonly column: string | null;
    readonly operator: string;
  }[];
  /** Of a partial one: which rows it is about. */
  readonly predicate: string | null;
  /** Two NULLs exclude each other. */
  readonly nullsEqual: boolean;
}

export interface ExclusiveKeys {
  readonly keys: readonly ExclusiveKey[];
  /** Every column of the table, with its collation where that is not the one of its type. */
  readonly columns: readonly {
    readonly name: string;
    readonly notNull: boolean;
    readonly collation: string | null;
    /** What it is generated from, over the bare names of the others. */
    readonly generated: string | null;
  }[];
}

const OPERATOR = `(SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = coalesce(k.conexclop[u.position],
      (SELECT f.amopopr FROM pg_opclass c JOIN pg_amop f ON f.amopfamily = c.opcfamily AND f.amoplefttype = c.opcintype AND f.amoprighttype = c.opcintype AND f.amopstrategy = 3 WHERE c.oid = (i.indclass::oid[])[u.position - 1])))`;

const query = (table: string): string => `
  SELECT (SELECT coalesce(json_agg(json_build_object('name', x.relname, 'unique', i.indisunique, 'predicate', pg_get_expr(i.indpred, i.indrelid), 'nullsEqual', coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
      'elements', (SELECT json_agg(json_build_object('column', a.attname, 'expression', coalesce(quote_ident(a.attname), '(' || pg_get_indexdef(i.indexrelid, u.position, false) || ')'), 'operator', ${OPERATOR}) ORDER BY u.position)
        FROM generate_series(1, i.indnkeyatts) AS u (position) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::int2[])[u.position - 1] AND a.attnum > 0)) ORDER BY x.relname), '[]')
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'x'
    WHERE i.indrelid = t.oid AND i.indisvalid AND (i.indisunique OR i.indisexclusion)) AS keys,
    (SELECT json_agg(json_build_object('name', a.attname, 'notNull', a.attnotnull, 'generated', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''), 'collation', (SELECT format('%I.%I', n.nspname, c.collname) FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = nullif(a.attcollation, y.typcollation))) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class t WHERE t.oid = ${quoteLiteral(table)}::regclass`;

/** The key that the mapping gives is left out: no two rows have the same. */
export async function readExclusiveKeys(target: Session, entity: CompiledEntity): Promise<ExclusiveKeys> {
  const row = await target.one<{ keys: string; columns: string }>(query(entity.target.table));
  const columns = JSON.parse(row.columns) as ExclusiveKeys['columns'];
  const given = entity.target.surrogate ? entity.target.key[0] : undefined;
  const isGiven = ({ elements }: ExclusiveKey): boolean =>
    elements.length === 1 && given !== undefined && elements[0]?.column === given;
  return { columns, keys: (JSON.parse(row.keys) as ExclusiveKey[]).filter((key) => !isGiven(key)) };
}

/** Mapped columns of exclusion constraints that may be NULL for a moment, in which the row is in nobody's way: one a constraint. */
export function releasableOf(entity: CompiledEntity, { keys, columns }: ExclusiveKeys): readonly string[] {
  const free = (name: string): boolean =>
    columns.some((column) => column.name === name && !column.notNull) &&
    entity.columns.some((column) => column.column === name && !column.onInsertOnly);
  return keys.flatMap(({ unique, elements }) =>
    unique ? [] : elements.flatMap(({ column }) => (column !== null && free(column) ? [column] : [])).slice(0, 1),
  );
}
