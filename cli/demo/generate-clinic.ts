/** Makes the clinic's old database, of any size: for the demo, for tests, and for benchmarks with millions of rows. */
import { readFileSync } from 'node:fs';
import { clinicPools } from './clinic-pools.ts';
import { CLINIC_TABLES, type ClinicSizes, clinicSizes, LEAST_ROWS } from './clinic-sizes.ts';
import { insertStatement } from './clinic-statements.ts';

/** The part of a `pg` client or pool that is needed; statements do not depend on one another's session. */
interface ClinicDatabase {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

interface ClinicOptions {
  /** An empty database. */
  readonly client: ClinicDatabase;
  /** Rows of all tables together, at least LEAST_ROWS. */
  readonly rows: number;
  /** The same seed and rows give the same data. */
  readonly seed?: number;
  /** So many of the last orders belong to patients who do not exist. */
  readonly orphans?: number;
  /** Called after each statement with the rows made so far. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Clinic {
  readonly rows: number;
  readonly tables: ClinicSizes;
}

/** A statement of so many rows takes about a second: often enough for a progress bar. */
const ROWS_A_STATEMENT = 250_000;

/** The DDL of one side. */
export const clinicSchema = (side: 'legacy' | 'target'): string =>
  readFileSync(new URL(`./${side}-schema.sql`, import.meta.url), 'utf8');

/** Creates the tables of the old database in `client` and fills them. */
export async function generateClinic({
  client,
  rows,
  seed = 1,
  orphans = 0,
  onProgress,
}: ClinicOptions): Promise<Clinic> {
  const sizes = clinicSizes(rows);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be a whole number, got ${seed}`);
  if (!(rows >= LEAST_ROWS)) throw new RangeError(`the clinic needs at least ${LEAST_ROWS} rows, got ${rows}`);
  if (!(orphans >= 0 && orphans <= sizes.order_hdr))
    throw new RangeError(`at most ${sizes.order_hdr} orphans, got ${orphans}`);
  const plan = { sizes, pools: clinicPools(seed), seed, orphans };
  const total = CLINIC_TABLES.reduce((sum, table) => sum + sizes[table], 0);

  await client.query(clinicSchema('legacy'));
  let done = 0;
  // Parents first, for the few foreign keys that the old system has.
  for (const table of CLINIC_TABLES) {
    for (let from = 0; from < sizes[table]; from += ROWS_A_STATEMENT) {
      const to = Math.min(from + ROWS_A_STATEMENT, sizes[table]);
      const { text, values } = insertStatement(plan, table, from, to);
      await client.query(text, [...values]);
      done += to - from;
      onProgress?.(done, total);
    }
    await client.query(`ANALYZE public.${table}`);
  }
  // Written last: a clinic without it was left half made.
  await client.query(`COMMENT ON TABLE public.order_hdr IS '${JSON.stringify({ rows: total, seed, orphans })}'`);
  return { rows: total, tables: sizes };
}
