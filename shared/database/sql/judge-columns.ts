/**
 * Rows that have bases by column and not, or not on both sides, by row: after a change of the map, or when a server hashes
 * otherwise than it did (SEMANTICS 5 and 16). Only columns that differ now are asked who changed them. A side whose row
 * has a hash is judged by that; one that has no base at all counts as changed.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { baseAt, basedColumns } from './align.ts';
import { leafKey } from './leaf.ts';

const anyOf = (conditions: readonly string[]): string => (conditions.length === 0 ? 'false' : conditions.join(' OR '));
const changed = (hash: string, byHash: string, byColumn: readonly string[]): string =>
  `CASE WHEN ${hash} IS NOT NULL THEN ${byHash} WHEN m.source_columns IS NULL THEN true ELSE ${anyOf(byColumn)} END`;
const ofRow = (entity: CompiledEntity, sql: string): string =>
  entity.leaf === null ? "'adopted'" : `(SELECT ${sql} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k)`;

/** The action for a row that is in the target; over `w`, `g` and `t`. */
export function judgeColumns(entity: CompiledEntity): string {
  const columns = basedColumns(entity);
  const differs = columns.map((column) => `${column.exactDesired} IS DISTINCT FROM ${column.exactTarget}`);
  const inSource = columns.map((c, i) => `(${differs[i]} AND ${c.baseDesired} <> ${baseAt('m.source_columns', i)})`);
  const before = 'coalesce(m.target_columns, m.source_columns)';
  const inTarget = columns.map((c, i) => `(${differs[i]} AND ${c.baseTarget} <> ${baseAt(before, i)})`);
  const source = changed('m.source_hash', 'w.source_changed', inSource);
  const target = changed('m.target_hash', `${entity.target.hash} <> m.target_hash`, inTarget);
  return ofRow(
    entity,
    `CASE WHEN m.origin = 'a' AND m.source_hash IS NULL AND m.target_hash IS NULL AND m.source_columns IS NULL THEN 'adopted'
       WHEN ${target} THEN CASE WHEN NOT (${source}) THEN 'kept' WHEN m.target_hash IS NULL THEN 'no_base' ELSE 'conflict' END
       WHEN ${source} THEN 'update' ELSE 'rebase' END`,
  );
}

/** Whether the source changed a row that the target has no longer; over `w` and `g`. A column without a base tells nothing. */
export function sourceChanged(entity: CompiledEntity): string {
  const inSource = basedColumns(entity).map((column, i) => {
    const base = baseAt('m.source_columns', i);
    return `(${base} <> '\\x00000000' AND ${column.baseDesired} <> ${base})`;
  });
  return entity.leaf === null ? 'true' : ofRow(entity, changed('m.source_hash', 'w.source_changed', inSource));
}
