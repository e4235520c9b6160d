/** Counts and hash sums by bucket, and the rows of the buckets that differ: one query a side and level (DESIGN, decision 8). */
import type { CompiledEntity } from '../../../domain/compiled/types.ts';
import { quoteLiteral } from '../../../domain/identifiers.ts';
import { allOf, inRange, keyLiteral } from '../range.ts';
import { witnessSum } from './mappings.ts';
import { keyHash, sourceProjection, targetKeysIn, targetProjection, type Look } from './project.ts';

const bucketOf = (entity: CompiledEntity, look: Look, buckets: number): string =>
  `(${keyHash(entity.verify.keyOrder, 'p.vk', look.mode)} & ${buckets - 1})`;

/**
 * Groups in place, in every worker. Of an expression over a column the planner believes that each row has its own value, and
 * would sort all rows in one process; of what a subquery made it believes that there are few (measured over a million rows:
 * 4.5 s by sorting, 1.9 by a join with the list of buckets, and a fifth less of a processor like this). `OFFSET 0` would do
 * that too, but in one process.
 */
const byBucket = (entity: CompiledEntity, look: Look, buckets: number, rows: string, sums: string): string =>
  `SELECT p.bucket, count(*) AS rows, ${sums} FROM (SELECT p.*, ${bucketOf(entity, look, buckets)} AS bucket FROM ${rows} OFFSET NULL) AS p GROUP BY 1`;

/** `bucket`, `rows` and `hashes` of the source. `buckets` is a power of two. */
export const sourceBuckets = (entity: CompiledEntity, look: Look, buckets: number): string =>
  byBucket(entity, look, buckets, sourceProjection(entity, look), 'sum(p.h) AS hashes');

/** The same of the target, how many rows have something that no source row can have, and what the rows say of the mapping. */
export const targetBuckets = (entity: CompiledEntity, look: Look, buckets: number, witnessed: boolean): string =>
  byBucket(
    entity,
    look,
    buckets,
    targetProjection(entity, look),
    [
      'sum(p.h) AS hashes',
      'count(*) FILTER (WHERE p.broken) AS broken',
      ...(witnessed ? [`${witnessSum(entity, 'p.vk', 'p.key')} AS witness`] : []),
    ].join(', '),
  );

const inBuckets = (entity: CompiledEntity, look: Look, of: Buckets): string =>
  `${bucketOf(entity, look, of.count)} = ANY (ARRAY[${of.chosen.join(', ')}]::bigint[])`;

export interface Buckets {
  readonly count: number;
  readonly chosen: readonly number[];
}

/** Pairing key, legacy key and hash of every row in the chosen buckets. */
export const sourceRowsIn = (entity: CompiledEntity, look: Look, of: Buckets): string =>
  `SELECT p.vk::text AS vk, p.k::text AS k, p.h::text AS h FROM ${sourceProjection(entity, look)} AND ${inBuckets(entity, look, of)}`;

/** Of the target; a row that no source row can equal has no hash. */
export const targetRowsIn = (entity: CompiledEntity, look: Look, of: Buckets): string =>
  `SELECT p.vk::text AS vk, CASE WHEN NOT p.broken THEN p.h::text END AS h FROM ${targetProjection(entity, look)} AND ${inBuckets(entity, look, of)}`;

/** Source rows with these legacy keys. An older server looks through a list of texts for every row; a set it hashes. */
export function chosenKeys(entity: CompiledEntity, keys: readonly string[]): string {
  if (entity.order === 'integer')
    return `${entity.source.key} IN (${keys.map((key) => keyLiteral('integer', key)).join(', ')})`;
  return `${entity.source.key} IN (SELECT v.k COLLATE "C" FROM unnest(ARRAY[${keys.map(quoteLiteral).join(', ')}]::text[]) AS v (k))`;
}

/** The same of listed rows: `keys` are legacy keys on the source, pairing keys on the target. */
export const sourceRowsOf = (entity: CompiledEntity, look: Look, keys: readonly string[]): string =>
  `SELECT p.vk::text AS vk, p.k::text AS k, p.h::text AS h FROM ${sourceProjection(entity, look, chosenKeys(entity, keys))}`;

export const targetRowsOf = (entity: CompiledEntity, look: Look, keys: readonly string[]): string =>
  `SELECT p.vk::text AS vk, CASE WHEN NOT p.broken THEN p.h::text END AS h FROM ${targetProjection(entity, look, targetKeysIn(entity, keys))}`;

/** The next legacy keys of a piece in order; no expression of the map is evaluated. */
export const sourceKeys = (entity: CompiledEntity, look: Look, after: string | null, limit: number): string => {
  const range = 'range' in look.piece ? inRange(entity.order, entity.source.key, look.piece.range) : [];
  const conditions = [...entity.source.where, ...range, ...(after === null ? [] : [`${entity.source.key} > ${after}`])];
  return `SELECT DISTINCT ${entity.source.key} AS k FROM ${entity.source.from} WHERE ${allOf(conditions)} ORDER BY 1 LIMIT ${limit}`;
};
