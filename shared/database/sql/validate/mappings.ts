/**
 * The mapping as the second witness (SEMANTICS 33): what it says of each target row against what the row's identity says.
 * Sums first, one pass over each; only where they differ the rows are looked for.
 */
import type { CompiledEntity } from '../../../domain/compiled/types.ts';
import { allOf } from '../range.ts';
import { leafKey, targetKeyColumn } from '../leaf.ts';

/** Hash sum of (legacy key, target key), each key being the seed under which the other is hashed. */
export function witnessSum({ order, target }: CompiledEntity, key: string, targetKey: string): string {
  const seed = order === 'integer' ? key : `hashtextextended(${key}, 0)`;
  return `sum(${target.keyKind === 'uuid' ? 'uuid_hash_extended' : 'hashtextextended'}(${targetKey}, ${seed}))`;
}

/** Count and hash sum as open mappings have them. */
export const mappingSums = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows, ${witnessSum(entity, leafKey(entity), `m.${targetKeyColumn(entity)}`)} AS hashes FROM ${entity.leaf} m WHERE m.closed_by IS NULL`;

/** The same as the identity of the target's rows has them. */
export const identitySums = (entity: CompiledEntity): string => {
  const { verify, target } = entity;
  return `SELECT count(*) AS rows, ${witnessSum(entity, 'p.vk', 'p.key')} AS hashes FROM (SELECT ${verify.targetKey} AS vk, ${target.keyOfRow} AS key FROM ${verify.from} WHERE ${allOf(verify.where)}) AS p WHERE p.vk IS NOT NULL`;
};

const found = (entity: CompiledEntity, columns: string, rows: string): string =>
  `INSERT INTO portage.validation_findings (operation_no, entity_id, piece, legacy_key, kind, reason, target_key)
   SELECT $1::int, ${entity.entityId}, $2::int, ${columns} FROM ${rows} ON CONFLICT (operation_no, entity_id, legacy_key, kind) DO NOTHING`;

/** One target row, several legacy keys: one of them has no row of its own. */
export const duplicateMappings = (entity: CompiledEntity): string => {
  const column = targetKeyColumn(entity);
  return found(
    entity,
    `${leafKey(entity)}::text, 'mapping', 'duplicate: several legacy keys are mapped to this target row', m.${column}::text`,
    `${entity.leaf} m WHERE m.closed_by IS NULL AND m.${column} IN (SELECT d.${column} FROM ${entity.leaf} d WHERE d.closed_by IS NULL GROUP BY 1 HAVING count(*) > 1)`,
  );
};

/** The mapped row is another one's by its identity. */
export const conflictingMappings = (entity: CompiledEntity): string | null => {
  const { verify, target } = entity;
  if (verify.via !== 'legacy') return null;
  return found(
    entity,
    `${leafKey(entity)}::text, 'mapping', 'conflicting: the identity of the target row says ' || r.vk::text, m.${targetKeyColumn(entity)}::text`,
    `${entity.leaf} m JOIN (SELECT ${verify.targetKey} AS vk, ${target.keyOfRow} AS key FROM ${verify.from} WHERE ${allOf(verify.where)}) AS r ON r.key = m.${targetKeyColumn(entity)} WHERE m.closed_by IS NULL AND r.vk <> ${leafKey(entity)}`,
  );
};

/** The mapped row is not there. */
export const danglingMappings = (entity: CompiledEntity): string =>
  found(
    entity,
    `${leafKey(entity)}::text, 'mapping', 'dangling: the mapped target row does not exist', m.${targetKeyColumn(entity)}::text`,
    `${entity.leaf} m WHERE m.closed_by IS NULL AND NOT EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')})`,
  );

/** Target rows of the entity that no mapping leads to. */
export const countUnmapped = (entity: CompiledEntity): string => {
  const { verify, target } = entity;
  if (verify.via === 'mapping') return 'SELECT 0 AS rows';
  return `SELECT count(*) AS rows FROM (SELECT ${target.keyOfRow} AS key FROM ${verify.from} WHERE ${allOf(verify.where)}) AS r
    WHERE NOT EXISTS (SELECT FROM ${entity.leaf} m WHERE m.${targetKeyColumn(entity)} = r.key AND m.closed_by IS NULL)`;
};
