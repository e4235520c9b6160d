/** A second run when nothing has changed: its time against two bare checksum queries, and what it leaves in the database. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { floorSql } from './floor.ts';
import { mebibytes, median, seconds, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';
import type { Sides } from './sides.ts';

const MOST_TIMES = 3;
const MOST_WAL_BYTES = 64 * 1024;
const REPEATS = 5;

/** The two queries, one after the other, as somebody would run them to know. */
async function checksums(sides: Sides): Promise<number> {
  const started = performance.now();
  await run(sides.source, floorSql('checksum of source'));
  await run(sides.target, floorSql('checksum of target'));
  return performance.now() - started;
}

const walAt = async (url: string): Promise<string> =>
  (await run(url, 'SELECT pg_current_wal_insert_lsn() AS lsn'))[0]?.['lsn'] ?? '';

/** WAL that the work causes on a database at rest. */
async function walOf(url: string, work: () => Promise<unknown>): Promise<number> {
  await run(url, 'VACUUM');
  await run(url, 'CHECKPOINT');
  const before = await walAt(url);
  await work();
  return Number((await run(url, `SELECT pg_current_wal_insert_lsn() - '${before}' AS bytes`))[0]?.['bytes']);
}

/** Every version of every row of the target and of the mapping: another one, or a lock, changes it. */
async function fingerprint(url: string): Promise<string> {
  const tables = await run(
    url,
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND (relname IN ('orders', 'customers') OR relname LIKE 'uuid\\_mappings\\_%') ORDER BY 1`,
  );
  const each = tables.map(
    ({ name }) =>
      `SELECT '${name ?? ''}' AS name, count(*), sum(hashtextextended(row(ctid, xmin, xmax)::text, 0)) FROM ${name ?? ''}`,
  );
  return JSON.stringify(await run(url, `${each.join(' UNION ALL ')} ORDER BY 1`));
}

export async function measureRerun(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  try {
    await migrateOrders(sides);
    await migrateOrders(sides); // warm: the first look at a page writes its hint bits
    const queriesWal = await walOf(sides.target, () => checksums(sides));
    const before = await fingerprint(sides.target);
    const rerunWal = await walOf(sides.target, () => migrateOrders(sides));
    const touched = (await fingerprint(sides.target)) !== before;
    const times: { queries: number; rerun: number }[] = [];
    for (let i = 0; i < REPEATS; i++)
      times.push({ queries: await checksums(sides), rerun: (await migrateOrders(sides)).ms });
    const queries = median(times.map((time) => time.queries));
    const rerun = median(times.map((time) => time.rerun));
    const factor = median(times.map((time) => time.rerun / time.queries));
    const wal = rerunWal - queriesWal;
    return {
      title: `Rerun over ${rows} unchanged orders`,
      table: [
        ['', 'two checksum queries', 'rerun', 'times'],
        ...times.map((time, i) => [
          String(i + 1),
          seconds(time.queries),
          seconds(time.rerun),
          (time.rerun / time.queries).toFixed(2),
        ]),
        ['median', seconds(queries), seconds(rerun), factor.toFixed(2)],
        ['WAL', mebibytes(queriesWal), `${rerunWal} bytes`, `${wal} more`],
      ],
      figures: { rows, times, factor, queriesWal, rerunWal, touched },
      checks: [
        {
          bound: `within ${MOST_TIMES} times the two checksum queries`,
          got: factor.toFixed(2),
          met: factor <= MOST_TIMES,
        },
        { bound: 'no tuple of target or mapping touched', got: touched ? 'some were' : 'none', met: !touched },
        {
          bound: `at most ${MOST_WAL_BYTES} bytes of WAL above the queries`,
          got: String(wal),
          met: wal <= MOST_WAL_BYTES,
        },
      ],
    };
  } finally {
    await bench.drop(sides);
  }
}
