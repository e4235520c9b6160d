/** Closed sets of rows over entities that refer to each other in a circle (SEMANTICS 22). */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { isRequired, required } from './decide.ts';
import { leafKey } from './leaf.ts';
import { stage, work } from './scratch.ts';

/** Which mapped parents count as missing, because the run writes them again: those whose row is gone, or closed ones as well. */
export type Revived = 'none' | 'gone' | 'closed';

const isThere = (parent: CompiledEntity, revived: Revived): string => {
  if (revived === 'none') return '';
  const row = `EXISTS (SELECT FROM ${parent.target.table} t WHERE ${parent.target.matchesMapping('m')})`;
  return revived === 'gone' ? ` AND (m.closed_by IS NOT NULL OR ${row})` : ` AND m.closed_by IS NULL AND ${row}`;
};

/** Keys of `parent` that staged rows refer to, and that are neither mapped nor staged. */
export const missingParents = (
  child: CompiledEntity,
  reference: CompiledReference,
  parent: CompiledEntity,
  limit: number,
  revived: Revived = 'none',
): string =>
  `SELECT DISTINCT g.${reference.staged}::text AS key FROM ${stage(child)} g
   WHERE g.${reference.staged} IS NOT NULL AND NOT EXISTS (SELECT FROM ${parent.leaf} m WHERE ${leafKey(parent)} = g.${reference.staged}${isThere(parent, revived)})
     AND NOT EXISTS (SELECT FROM ${stage(parent)} p WHERE p.k = g.${reference.staged}) LIMIT ${limit}`;

/** Gives references the keys that staged parents are going to have; a row that lacks none that it needs waits no longer. */
export function resolveWithin(
  child: CompiledEntity,
  references: readonly { readonly reference: CompiledReference; readonly parent: CompiledEntity }[],
): readonly string[] {
  const each = references.map(({ reference, parent }) => {
    const key = parent.target.keyKind === 'uuid' ? 'p.target_uuid' : `p.target_key::${reference.type}`;
    return `UPDATE ${work(child)} w SET ${reference.staged} = ${key}, missing = array_remove(w.missing, ${quoteLiteral(reference.column)})
      FROM ${stage(child)} g JOIN ${work(parent)} p ON p.k = g.${reference.staged} AND p.in_source WHERE g.k = w.k AND ${quoteLiteral(reference.column)} = ANY (w.missing)`;
  });
  const lacks = (known: boolean): string => `missing && ${required(child, known)}`;
  return [
    ...each,
    `UPDATE ${work(child)} SET action = CASE WHEN known THEN 'judge' ELSE 'insert' END, code = NULL, missing = nullif(missing, '{}')
     WHERE missing IS NOT NULL AND action IN ('park', 'set_aside') AND NOT CASE WHEN known THEN ${lacks(true)} ELSE ${lacks(false)} END`,
  ];
}

/**
 * A row whose staged parent cannot be written cannot be written either, or is written without a reference that it can do
 * without for now. Repeated until no row changes.
 */
export function demote(child: CompiledEntity, reference: CompiledReference, parent: CompiledEntity): string {
  const must = `CASE WHEN w.known THEN ${isRequired(reference, true)} ELSE ${isRequired(reference, false)} END`;
  const column = quoteLiteral(reference.column);
  return `UPDATE ${work(child)} w SET ${reference.staged} = NULL, action = CASE WHEN ${must} THEN p.action ELSE w.action END, code = CASE WHEN ${must} THEN 'M003' ELSE w.code END,
     missing = CASE WHEN ${must} THEN ARRAY[${column}] ELSE array_append(array_remove(w.missing, ${column}), ${column}) END
   FROM ${stage(child)} g JOIN ${work(parent)} p ON p.k = g.${reference.staged} AND p.action IN ('set_aside', 'park') AND NOT p.known
   WHERE g.k = w.k AND w.action IN ('insert', 'judge', 'update', 'again') AND w.${reference.staged} IS NOT NULL`;
}
