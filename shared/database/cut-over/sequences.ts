/** Sequences that would give a number which a row has already: the first INSERT after a switch would fail on it. */
import type { RelationName } from '../../domain/entity-map.ts';
import type { SequenceFact } from '../../domain/sequence.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

/** Of serial and identity columns, and of defaults that take a sequence of another owner; ascending ones. */
const SEQUENCES = `SELECT DISTINCT a.attname::text AS column, q.seqrelid::regclass::text AS sequence, q.seqincrement AS increment
  FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_sequence q ON q.seqincrement > 0
  WHERE n.nspname = $1 AND r.relname = $2 AND a.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype)
    AND (EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = q.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i'))
      OR EXISTS (SELECT FROM pg_attrdef v JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = v.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = q.seqrelid WHERE v.adrelid = r.oid AND v.adnum = a.attnum))
  ORDER BY 1`;

export async function readSequences(
  target: Session,
  tables: readonly RelationName[],
): Promise<{ readonly all: number; readonly behind: readonly SequenceFact[] }> {
  const behind: SequenceFact[] = [];
  let all = 0;
  for (const { schema, name } of tables) {
    const found = await target.rows<{ column: string; sequence: string; increment: string }>(SEQUENCES, [schema, name]);
    all += found.length;
    for (const { column, sequence, increment } of found) {
      const { next, highest } = await target.one<{ next: string; highest: string | null }>(
        `SELECT q.last_value + CASE WHEN q.is_called THEN ${increment} ELSE 0 END AS next, (SELECT max(${quoteIdentifier(column)})::numeric FROM ${quoteIdentifier(schema)}.${quoteIdentifier(name)}) AS highest FROM ${sequence} q`,
      );
      if (highest !== null && Number(next) <= Number(highest))
        behind.push({ sequence, column: `${schema}.${name}.${column}`, next, highest });
    }
  }
  return { all, behind };
}
