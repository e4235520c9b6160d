/** How fast rows were written here before, so that an estimate of time rests on this network and these servers. */
import type { Session } from '../session.ts';

export interface Rate {
  readonly rowsPerSecond: number;
  readonly basis: 'measured' | 'measured on other entities' | 'assumed';
}

/** Where nothing was measured: what one lane did on two cores with a dozen columns, halved. */
const ASSUMED_ROWS_PER_SECOND = 5000;
/** Rows per second at which two sides that agree are compared by sums (measured: 2.5 million, over a network less). */
export const COMPARED_PER_SECOND = 500_000;
/** Fewer rows say more about the start of a run than about its rate. */
const ENOUGH_ROWS = 1000;

const MEASURED = `SELECT c.entity_type AS entity, sum(b.inserted + b.updated + b.adopted) AS rows, sum(b.read_ms + b.write_ms) AS ms
  FROM portage.migration_batches b JOIN portage.migration_checkpoints c ON c.id = b.checkpoint_id
  WHERE c.map_name = $1 AND b.inserted + b.updated + b.adopted > 0 AND b.committed_at > now() - interval '90 days' GROUP BY 1`;

/** The rate of one lane, by entity. */
export async function writeRates(target: Session, mapName: string): Promise<(entity: string) => Rate> {
  const rows = (await target.rows<{ entity: string; rows: string; ms: string }>(MEASURED, [mapName])).map((row) => ({
    entity: row.entity,
    rows: Number(row.rows),
    ms: Math.max(1, Number(row.ms)),
  }));
  const rateOf = (some: typeof rows): number | null => {
    const total = some.reduce((sum, row) => sum + row.rows, 0);
    const ms = some.reduce((sum, row) => sum + row.ms, 0);
    return total < ENOUGH_ROWS ? null : Math.max(1, Math.round((total * 1000) / ms));
  };
  const ofAll = rateOf(rows);
  return (entity) => {
    const own = rateOf(rows.filter((row) => row.entity === entity));
    if (own !== null) return { rowsPerSecond: own, basis: 'measured' };
    return ofAll === null ? assumed() : { rowsPerSecond: ofAll, basis: 'measured on other entities' };
  };
}

export const assumed = (): Rate => ({ rowsPerSecond: ASSUMED_ROWS_PER_SECOND, basis: 'assumed' });
