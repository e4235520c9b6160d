/** A backup against COPY through gzip at the same level, and its restore into an empty table against the load that filled it. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { LEVEL } from '../../shared/database/backup/gzip.ts';
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { mebibytes, median, perSecond, seconds, type Measured } from './measure.ts';
import { migrateOrders, runPortage, type Ran } from './portage-command.ts';
import type { Sides } from './sides.ts';

const MOST_TIMES = 2;
const REPEATS = 3;

/** The table's own columns, as anybody would save them. */
async function copyThroughGzip(sides: Sides, file: string): Promise<number> {
  const client = new pg.Client({ connectionString: sides.target });
  await client.connect();
  const started = performance.now();
  await pipeline(client.query(copyTo('COPY orders TO STDOUT')), createGzip({ level: LEVEL }), createWriteStream(file));
  await client.end();
  return performance.now() - started;
}

export const backUp = (sides: Sides, file: string): Promise<Ran> =>
  runPortage(['migration-analyzer', 'create-full-backup', '--entities', 'orders', '--output', file], sides);

export const restoreFrom = (sides: Sides, file: string): Promise<Ran> =>
  runPortage(['migration-analyzer', 'restore-from-backup', '--entities', 'orders', '--backup-file', file], sides);

export async function measureBackup(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  const folder = await mkdtemp(join(tmpdir(), 'portage-bench-'));
  try {
    await migrateOrders(sides);
    const [plain, file] = [join(folder, 'copy.gz'), join(folder, 'backup.ndjson.gz')];
    const times: { copy: number; backup: number; peak: number }[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const copy = await copyThroughGzip(sides, plain);
      const { ms, peakBytes } = await backUp(sides, file);
      times.push({ copy, backup: ms, peak: peakBytes });
    }
    const factor = median(times.map((time) => time.backup / time.copy));
    const peak = Math.max(...times.map((time) => time.peak));
    const sizes = [(await stat(plain)).size, (await stat(file)).size];
    return {
      title: `Backup of ${rows} orders`,
      table: [
        ['', 'COPY through gzip', 'backup', 'times', 'memory'],
        ...times.map((time, i) => [
          String(i + 1),
          seconds(time.copy),
          seconds(time.backup),
          (time.backup / time.copy).toFixed(2),
          mebibytes(time.peak),
        ]),
        ['bytes', mebibytes(sizes[0] ?? 0), mebibytes(sizes[1] ?? 0), '', ''],
      ],
      figures: { rows, times, factor, peak, sizes },
      checks: [
        {
          bound: `within ${MOST_TIMES} times COPY through gzip at the same level`,
          got: factor.toFixed(2),
          met: factor <= MOST_TIMES,
        },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await bench.drop(sides);
  }
}

export async function measureRestore(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  const folder = await mkdtemp(join(tmpdir(), 'portage-bench-'));
  try {
    const load = await migrateOrders(sides);
    const file = join(folder, 'backup.ndjson.gz');
    await backUp(sides, file);
    await run(sides.target, 'TRUNCATE orders');
    const filled = await restoreFrom(sides, file);
    const equal = await restoreFrom(sides, file);
    const factor = filled.ms / load.ms;
    const line = (name: string, ran: Ran): string[] => [
      name,
      seconds(ran.ms),
      String(perSecond(rows, ran.ms)),
      mebibytes(ran.peakBytes),
    ];
    return {
      title: `Restore of ${rows} orders`,
      table: [
        ['', 'time', 'rows/s', 'memory'],
        line('load', load),
        line('restore into an empty table', filled),
        line('restore of what is as it was', equal),
      ],
      figures: { rows, load: load.ms, restore: filled.ms, equal: equal.ms, factor, peak: filled.peakBytes },
      checks: [{ bound: `within ${MOST_TIMES} times the load`, got: factor.toFixed(2), met: factor <= MOST_TIMES }],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await bench.drop(sides);
  }
}
