/**
 * What a target row says of itself: the legacy key that its identity columns spell out. It is a witness beside the mapping
 * (SEMANTICS 33): a mapping may be damaged, and the row's own columns are not damaged with it.
 */
import { columnOf, underlying, type Column } from '../catalog.ts';
import { quoteIdentifier } from '../identifiers.ts';
import { hasOneText, isInteger } from '../value-types.ts';
import { canonicalKey, keyColumns, type EntityFacts } from './key-forms.ts';
import type { CompiledEntity } from './types.ts';

const TEXTS = new Set(['text', 'varchar']);

/** Equal values of the two columns have equal canonical texts, so that a cast of one to the other can neither fail nor change it. */
function alike(source: Column, target: Column): boolean {
  const [a, b] = [underlying(source.typeInfo), underlying(target.typeInfo)];
  if (!a.builtin || !b.builtin || !hasOneText(source)) return false;
  if (isInteger(source.typeInfo) && isInteger(target.typeInfo)) return true;
  return a.name === b.name || (TEXTS.has(a.name) && TEXTS.has(b.name));
}

/**
 * The legacy key over a target row `t`, in the entity's order form; NULL of a row that is none of the entity's. Null where
 * the identity does not hold the whole key as it is, so that nothing can be read from the row.
 */
export function identityKey(facts: EntityFacts, entity: CompiledEntity): string | null {
  if (entity.target.belongs === null) return null;
  const parts: string[] = [];
  for (const key of keyColumns(facts)) {
    const copy = facts.normal.columns.find(
      (column) =>
        column.kind === 'expression' &&
        column.sql === `s.${quoteIdentifier(key.name)}` &&
        facts.normal.target.identity.includes(column.column),
    );
    const column = copy && columnOf(facts.target, copy.column);
    if (!column || !alike(key, column)) return null;
    parts.push(`t.${quoteIdentifier(column.name)}`);
  }
  // A number that is too large for the source's type is no key of it: all integers are compared as bigint.
  const key = entity.order === 'integer' ? `(${parts[0] ?? 'NULL'})::bigint` : canonicalKey(facts, parts);
  return `(CASE WHEN ${entity.target.belongs} THEN ${key} END)`;
}
