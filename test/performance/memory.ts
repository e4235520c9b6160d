/** Memory of the command's processes, without the server, while it loads, validates, backs up and restores little and much. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUp, restoreFrom } from './backup.ts';
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { mebibytes, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';
import { judge } from './validate.ts';

const MOST_BYTES = 256 * 2 ** 20;
const SIZES = [100_000, 1_000_000, 3_000_000];
/** A garbage collector keeps what it was given: after a short run a quarter more is noise, more is growth. */
const FLAT = 1.25;
const WORK = ['load', 'verdict', 'backup', 'restore'] as const;

type Peaks = Readonly<Record<(typeof WORK)[number], number>>;

/** @param most sizes above it are left out, for a quick look */
export async function measureMemory(bench: Bench, most: number): Promise<Measured> {
  const peaks: (Peaks & { readonly rows: number })[] = [];
  for (const rows of SIZES.filter((size) => size <= most)) {
    await bench.prepare(rows);
    peaks.push({ rows, ...(await peaksOf(bench)) });
  }
  const highest = Math.max(...peaks.flatMap((peak) => WORK.map((work) => peak[work])));
  const growth = WORK.map((work) => (peaks.at(-1)?.[work] ?? 0) / (peaks[0]?.[work] ?? 1));
  return {
    title: 'Memory of the process tree without PostgreSQL',
    table: [
      ['rows', ...WORK],
      ...peaks.map((peak) => [String(peak.rows), ...WORK.map((work) => mebibytes(peak[work]))]),
    ],
    figures: { peaks, growth },
    checks: [
      { bound: `under ${mebibytes(MOST_BYTES)}`, got: mebibytes(highest), met: highest < MOST_BYTES },
      {
        bound: `flat: ${WORK.join(', ')} of the most rows at most ${FLAT} times that of the fewest`,
        got: growth.map((factor) => factor.toFixed(2)).join(', '),
        met: growth.every((factor) => factor <= FLAT),
      },
    ],
  };
}

async function peaksOf(bench: Bench): Promise<Peaks> {
  const sides = await bench.fresh();
  const folder = await mkdtemp(join(tmpdir(), 'portage-bench-'));
  const file = join(folder, 'backup.ndjson.gz');
  try {
    const load = (await migrateOrders(sides)).peakBytes;
    const verdict = (await judge(sides)).peakBytes;
    const backup = (await backUp(sides, file)).peakBytes;
    await run(sides.target, 'TRUNCATE orders');
    return { load, verdict, backup, restore: (await restoreFrom(sides, file)).peakBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await bench.drop(sides);
  }
}
