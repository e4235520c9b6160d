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

/**
 * Whether anything is mapped in a range. In the order of the keys: of a range at the end of a large table the planner believes that
 * reading from the beginning soon meets one (measured: 25 ms of a million mappings).
 */
export const leafHasRows = (entity: CompiledEntity, range: KeyRange): string =>
  `SELECT (count(*) > 0)::text AS present FROM (SELECT FROM ${entity.leaf} m WHERE ${allOf(inRange(entity.order, leafKey(entity), range))} ORDER BY ${leafKey(entity)} LIMIT 1) m`;

/** Bases of the whole entity: one pass over its leaf. A row without a base can equal nothing. */
export const leafTotals = (entity: CompiledEntity): string =>
  `SELECT count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased, sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes
   FROM ${entity.leaf} m WHERE m.closed_by IS NULL`;

/** The target's rows of the entity, found by their identity or, without one, through the mapping: count and hash sum. */
export const targetTotals = (entity: CompiledEntity): string =>
  entity.target.belongs === null
    ? `SELECT count(*) AS rows, sum(${entity.target.hash}) AS hashes FROM ${entity.leaf} m JOIN ${entity.target.table} t ON ${entity.target.matchesMapping('m')} WHERE m.closed_by IS NULL${entity.target.mark === null ? '' : ` AND t.${quoteIdentifier(entity.target.mark.column)} IS NULL`}`
    : `SELECT count(*) AS rows, sum(${entity.target.hash}) AS hashes FROM ${entity.target.table} t WHERE ${entity.target.belongs}`;

/**
 * Whether the rows of the target that have an identity of the entity's are those that its mappings stand for: by sums over
 * their keys, each side once, since a join of both costs several times as much (measured: 2.0 s of a million rows, and 0.5 s).
 */
export function sameKeys(entity: CompiledEntity): string {
  const hash = entity.target.keyKind === 'uuid' ? 'uuid_hash_extended' : 'hashtextextended';
  return `SELECT m.rows AS mapped, (m.keys IS NOT DISTINCT FROM t.keys)::text AS same
     FROM (SELECT count(*) AS rows, sum(${hash}(m.${targetKeyColumn(entity)}, 0)) AS keys FROM ${entity.leaf} m WHERE m.closed_by IS NULL) m,
       (SELECT sum(${hash}(${entity.target.keyOfRow}, 0)) AS keys FROM ${entity.target.table} t WHERE ${entity.target.belongs ?? 'false'}) t`;
}

/** Conditions under which a row says itself that its key is in the range; none where an index could not find it by them. */
const saysItsKey = ({ order, verify, target }: CompiledEntity, range: KeyRange): readonly string[] =>
  order === 'integer' && verify.keyColumn !== null && target.identityIndexed
    ? inRange(order, `t.${quoteIdentifier(verify.keyColumn)}`, range)
    : [];

/**
 * The target's row of each mapping of a range, and its hash as it is now: NULL without one. Where rows say themselves that they
 * are of the range, they are hashed before the join, which then moves little; one that says another key than its mapping counts
 * as none, which differs from a base all the more, and whoever looks at it finds it by the mapping alone. Otherwise they are
 * hashed above the join, so that a plan which reads the whole table does not hash what the range has nothing to do with.
 */
export function targetNow(entity: CompiledEntity, range: KeyRange): { readonly join: string; readonly hash: string } {
  const { table, key, hash, matchesMapping } = entity.target;
  const own = saysItsKey(entity, range);
  const keys = key.map((column) => `t.${quoteIdentifier(column)}`);
  return own.length === 0
    ? {
        join: `LEFT JOIN ${table} t ON ${matchesMapping('m')}`,
        hash: `CASE WHEN ${keys[0] ?? ''} IS NOT NULL THEN ${hash} END`,
      }
    : {
        join: `LEFT JOIN (SELECT ${[...keys, `${hash} AS "#now"`].join(', ')} FROM ${table} t WHERE ${allOf(own)} OFFSET 0) t ON ${matchesMapping('m')}`,
        hash: 't."#now"',
      };
}

/** By range: mapped rows with the sum of what was last consumed of the source. */
export const basedSums = (entity: CompiledEntity, range: KeyRange, bounds: readonly string[]): string =>
  `SELECT ${bucketOf(entity, leafKey(entity), bounds)} AS bucket, count(*) AS rows, sum(m.source_hash) AS source_hashes FROM ${entity.leaf} m
   WHERE ${allOf(['m.closed_by IS NULL', ...inRange(entity.order, leafKey(entity), range)])} GROUP BY 1`;

/** By range: mapped rows with the sums of both bases, and of the target rows that they stand for as they are now. */
export function mappedSums(entity: CompiledEntity, range: KeyRange, bounds: readonly string[]): string {
  const { join, hash } = targetNow(entity, range);
  return `SELECT ${bucketOf(entity, 'm.k', bounds)} AS bucket, count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased,
     sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes, count(m.now) AS target_rows, sum(m.now) AS target_now
   FROM (SELECT ${leafKey(entity)} AS k, m.source_hash, m.target_hash, ${hash} AS now FROM ${entity.leaf} m ${join}
     WHERE ${allOf(['m.closed_by IS NULL', ...inRange(entity.order, leafKey(entity), range)])} OFFSET 0) m GROUP BY 1`;
}
