/** Legacy keys of open conflicts, in pages: differences in which both sides changed, or nobody can say which did. */
import type { Session } from '../session.ts';
import type { KeyRange } from '../sql/range.ts';

/** As many keys as fit into one statement without growing it beyond reason. */
const PAGE = 2000;

const OPEN = `FROM portage.data_differentials d WHERE d.entity_id = $1 AND NOT d.resolved AND d.comparison_type IN ('conflict', 'adopted', 'reappeared')`;

/** The last key of each page but the last; with a range, the keys in it. By text, byte by byte, whatever the entity's order is. */
export async function openConflicts(target: Session, entityId: number, range?: KeyRange): Promise<readonly string[]> {
  const sql =
    range === undefined
      ? `SELECT p.key FROM (SELECT d.legacy_key AS key, row_number() OVER (ORDER BY d.legacy_key) AS n, count(*) OVER () AS keys FROM (SELECT DISTINCT d.legacy_key ${OPEN}) d) p
         WHERE p.n % ${PAGE} = 0 AND p.n < p.keys ORDER BY p.n`
      : `SELECT DISTINCT d.legacy_key AS key ${OPEN} AND ($2::text IS NULL OR d.legacy_key > $2) AND ($3::text IS NULL OR d.legacy_key <= $3) ORDER BY 1`;
  const values = range === undefined ? [entityId] : [entityId, range.from, range.to];
  return (await target.rows<{ key: string }>(sql, values)).map(({ key }) => key);
}
