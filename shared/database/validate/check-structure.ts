/**
 * What a comprehensive validation sees in the target beside its rows: constraints, triggers and indexes that are there and do
 * not hold, so that rows that are right today are kept so by nobody, and sequences that would give numbers again.
 */
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { readSequences } from '../cut-over/sequences.ts';
import type { Session } from '../session.ts';
import { raised } from '../../domain/sequence.ts';

export interface StructureFindings {
  /** What does not hold; V002 where it is a reference. */
  readonly findings: readonly { readonly code: 'V001' | 'V002'; readonly message: string }[];
  /** What a target may well be without. */
  readonly notes: readonly string[];
}

type Fact = 'not_valid' | 'not_enforced' | 'disabled' | 'index';

/** Servers before 18 know no constraint that is not enforced, so that its column is asked for by name. */
const FACTS = (table: string): string => {
  const oid = `to_regclass(${quoteLiteral(table)})`;
  return `SELECT CASE WHEN to_jsonb(k)->>'conenforced' = 'false' THEN 'not_enforced' ELSE 'not_valid' END AS fact, k.conname::text AS name, (k.contype = 'f')::text AS reference
      FROM pg_constraint k WHERE k.conrelid = ${oid} AND k.contype IN ('f', 'c', 'n') AND NOT k.convalidated
    UNION SELECT 'disabled', coalesce(k.conname, g.tgname)::text, (k.contype IS NOT NULL AND k.contype = 'f')::text
      FROM pg_trigger g LEFT JOIN pg_constraint k ON k.oid = g.tgconstraint WHERE g.tgrelid = ${oid} AND g.tgenabled = 'D'
    UNION SELECT 'index', c.relname::text, 'false' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ${oid} AND NOT i.indisvalid
    ORDER BY 1, 2`;
};

const MESSAGE: Readonly<Record<Fact, (name: string, table: string) => string>> = {
  not_valid: (name, table) =>
    `constraint ${name} was never checked (NOT VALID): ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdentifier(name)}`,
  not_enforced: (name) => `constraint ${name} is not enforced`,
  disabled: (name, table) => `trigger or constraint ${name} is disabled: ALTER TABLE ${table} ENABLE TRIGGER ALL`,
  index: (name) =>
    `index ${name} is invalid, and unique for nobody: REINDEX INDEX CONCURRENTLY ${quoteIdentifier(name)}`,
};

export async function checkStructure(
  target: Session,
  entity: CompiledEntity,
  relation: Relation | undefined,
): Promise<StructureFindings> {
  const { table } = entity.target;
  const facts = await target.rows<{ fact: Fact; name: string; reference: string }>(FACTS(table));
  const unkept = entity.references.filter(
    ({ column }) => !relation?.foreignKeys.some(({ columns }) => columns.length === 1 && columns[0] === column),
  );
  const { behind } = await readSequences(target, relation === undefined ? [] : [relation]);
  return {
    findings: [
      ...facts.map(({ fact, name, reference }) => ({
        code: reference === 'true' ? ('V002' as const) : ('V001' as const),
        message: MESSAGE[fact](name, table),
      })),
      ...behind.map((each) => ({
        code: 'V001' as const,
        message: `sequence ${each.sequence} would give ${each.next}, and ${each.column} has ${each.highest}: ${raised(each)}`,
      })),
    ],
    notes: unkept.map(
      ({ column, parent }) => `${entity.name}.${column} refers to ${parent}, and no foreign key keeps it`,
    ),
  };
}
