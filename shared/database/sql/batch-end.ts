/** Where a batch of staged rows ends. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { allOf, inRange } from './range.ts';
import { stage } from './scratch.ts';

/**
 * The key that ends a batch of at most `rows` staged rows after `from`, and whether rows come after it. With `bytes` as many
 * of them as weigh no more than that, and at least one.
 */
export function batchEnd(entity: CompiledEntity, from: string | null, rows: number, bytes: number | null): string {
  const rest = `FROM ${stage(entity)} g WHERE ${allOf(inRange(entity.order, 'g.k', { from, to: null }))} ORDER BY g.k`;
  if (bytes === null)
    return `SELECT min(x.k)::text AS last, (count(*) = 2)::text AS more FROM (SELECT g.k ${rest} OFFSET ${rows - 1} LIMIT 2) x`;
  const fits = `n = 1 OR (n <= ${rows} AND weight <= ${bytes})`;
  return `SELECT max(y.k) FILTER (WHERE ${fits})::text AS last, (count(*) > count(*) FILTER (WHERE ${fits}))::text AS more
    FROM (SELECT x.k, row_number() OVER (ORDER BY x.k) AS n, sum(x.width) OVER (ORDER BY x.k) AS weight
      FROM (SELECT g.k, octet_length(g::text) AS width ${rest} LIMIT ${rows + 1}) x) y`;
}
