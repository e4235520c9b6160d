/** Reading an entity's mappings: its key column, and sums of its bases beside sums of what stands in the target. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { bucketOf } from './source.ts';

export const leafKey = (entity: CompiledEntity, alias = 'm'): string =>
  `${alias}.${entity.order === 'integer' ? 'legacy_id' : 'legacy_key'}`;
export const targetKeyColumn = (entity: Pick<CompiledEntity, 'target'>): string =>
  entity.target.keyKind === 'uuid' ? 'target_uuid' : 'target_key';

export const leafHasRows = (entity: CompiledEntity, range: KeyRange): string =>
  `SELECT EXISTS (SELECT FROM ${entity.leaf} m WHERE ${allOf(inRange(entity.order, leafKey(entity), range))})::text AS present`;

/** Bases of the whole entity: one pass over its leaf. A row without a base can equal nothing. */
export const leafTotals = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased, sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes
   FROM ${entity.leaf} m WHERE m.closed_by IS NULL`;

/** The target's rows of the entity, found by their identity or, without one, through the mapping: count and hash sum. */
export const targetTotals = (entity: CompiledEntity): string =>
  entity.target.belongs === null
    ? `SELECT count(*) AS rows, sum(${entity.target.hash}) AS hashes FROM ${entity.leaf} m JOIN ${entity.target.table} t ON ${entity.target.matchesMapping('m')} WHERE m.closed_by IS NULL${entity.target.mark === null ? '' : ` AND t.${quoteIdentifier(entity.target.mark.column)} IS NULL`}`
    : `SELECT count(*) AS rows, sum(${entity.target.hash}) AS hashes FROM ${entity.target.table} t WHERE ${entity.target.belongs}`;

/** Whether a row of the target has an identity of the entity's, and no mapping. */
export const anyUnmapped = (entity: CompiledEntity): string =>
  `SELECT EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.belongs ?? 'false'}
     AND NOT EXISTS (SELECT FROM ${entity.leaf} m WHERE m.${targetKeyColumn(entity)} = ${entity.target.keyOfRow} AND m.closed_by IS NULL))::text AS present`;

/**
 * The target's row of each mapping, and its hash as it is now: NULL without one. Above the join, so that a plan which reads
 * the whole table does not hash the rows that the range has nothing to do with.
 */
export const targetNow = (entity: CompiledEntity): { readonly join: string; readonly hash: string } => ({
  join: `LEFT JOIN ${entity.target.table} t ON ${entity.target.matchesMapping('m')}`,
  hash: `CASE WHEN t.${quoteIdentifier(entity.target.key[0] ?? '')} IS NOT NULL THEN ${entity.target.hash} END`,
});

/** By range: mapped rows with the sum of what was last consumed of the source. */
export const basedSums = (entity: CompiledEntity, range: KeyRange, bounds: readonly string[]): string =>
  `SELECT ${bucketOf(entity, leafKey(entity), bounds)} AS bucket, count(*) AS rows, sum(m.source_hash) AS hashes FROM ${entity.leaf} m
   WHERE ${allOf(['m.closed_by IS NULL', ...inRange(entity.order, leafKey(entity), range)])} GROUP BY 1`;

/** By range: mapped rows with the sums of both bases, and of the target rows that they stand for as they are now. */
export function mappedSums(entity: CompiledEntity, range: KeyRange, bounds: readonly string[]): string {
  const { join, hash } = targetNow(entity);
  return `SELECT ${bucketOf(entity, 'm.k', bounds)} AS bucket, count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased,
     sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes, count(m.now) AS target_rows, sum(m.now) AS target_now
   FROM (SELECT ${leafKey(entity)} AS k, m.source_hash, m.target_hash, ${hash} AS now FROM ${entity.leaf} m ${join}
     WHERE ${allOf(['m.closed_by IS NULL', ...inRange(entity.order, leafKey(entity), range)])} OFFSET 0) m GROUP BY 1`;
}
