/** Parents that came into the source after their entity had its turn: which keys are asked for, and which of them exist. */
import type { CompiledEntity, CompiledReference } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { allOf, keyLiteral } from './range.ts';
import { stage } from './scratch.ts';

const parentKey = (reference: CompiledReference): string =>
  `p.${reference.parentOrder === 'integer' ? 'legacy_id' : 'legacy_key'}`;

/** Parent keys of staged rows that stand for no mapping. */
export const unmappedParents = (entity: CompiledEntity, reference: CompiledReference): string =>
  `SELECT DISTINCT g.${reference.staged}::text AS key FROM ${stage(entity)} g
   WHERE g.${reference.staged} IS NOT NULL AND NOT EXISTS (SELECT FROM ${reference.parentLeaf} p WHERE ${parentKey(reference)} = g.${reference.staged})`;

/** The same of references that wait, the next $1 after the key $2 in the order of their texts. */
export function unmappedPending(entity: CompiledEntity, reference: CompiledReference): string {
  const key = reference.parentOrder === 'integer' ? 'w.parent_key::bigint' : 'w.parent_key';
  return `SELECT DISTINCT w.parent_key AS key FROM portage.pending_references w
    WHERE w.entity_id = ${entity.entityId} AND w.column_name = ${quoteLiteral(reference.column)} AND ($2::text IS NULL OR w.parent_key > $2)
      AND NOT EXISTS (SELECT FROM ${reference.parentLeaf} p WHERE ${parentKey(reference)} = ${key}) ORDER BY 1 LIMIT $1`;
}

/** Of the keys those that the source has a row for. */
export const presentKeys = (entity: CompiledEntity, keys: readonly string[]): string =>
  `SELECT DISTINCT ${entity.source.key}::text AS key FROM ${entity.source.from}
   WHERE ${allOf([...entity.source.where, `${entity.source.key} IN (${keys.map((key) => keyLiteral(entity.order, key)).join(', ')})`])}`;

/** Parks the rows of the keys $1 for a look of their own; $2 is the entity that refers to them. */
export const parkParents = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT ${entity.entityId}, k.key, 'came after its entity was read; ' || $2 || ' refers to it', ${operationNo} FROM unnest($1::text[]) AS k (key)
   ON CONFLICT (entity_id, legacy_key) DO NOTHING`;

/** Of the keys $1 those whose rows were not set aside in this operation: another look would find the same. */
export const notSetAside = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT k.key FROM unnest($1::text[]) AS k (key) WHERE NOT EXISTS
     (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = ${entity.entityId} AND a.legacy_key = k.key AND a.operation_no = ${operationNo} AND a.state IN ('open', 'ignored'))`;
