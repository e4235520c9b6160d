/** Memory of the command's processes, without the server, while it loads little and much. */
import type { Bench } from './databases.ts';
import { mebibytes, seconds, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';

const MOST_BYTES = 256 * 2 ** 20;
const SIZES = [100_000, 1_000_000, 3_000_000];
/** A garbage collector keeps what it was given: after a short run a quarter more is noise, more is growth. */
const FLAT = 1.25;

/** @param most sizes above it are left out, for a quick look */
export async function measureMemory(bench: Bench, most: number): Promise<Measured> {
  const peaks: { rows: number; bytes: number; ms: number }[] = [];
  for (const rows of SIZES.filter((size) => size <= most)) {
    await bench.prepare(rows);
    const sides = await bench.fresh();
    const { peakBytes, ms } = await migrateOrders(sides);
    peaks.push({ rows, bytes: peakBytes, ms });
    await bench.drop(sides);
  }
  const highest = Math.max(...peaks.map((peak) => peak.bytes));
  const growth = (peaks.at(-1)?.bytes ?? 0) / (peaks[0]?.bytes ?? 1);
  return {
    title: 'Memory of the process tree without PostgreSQL',
    table: [
      ['rows', 'at most', 'took'],
      ...peaks.map((peak) => [String(peak.rows), mebibytes(peak.bytes), seconds(peak.ms)]),
    ],
    figures: { peaks, growth },
    checks: [
      { bound: `under ${mebibytes(MOST_BYTES)}`, got: mebibytes(highest), met: highest < MOST_BYTES },
      {
        bound: `flat: the largest load at most ${FLAT} times the smallest`,
        got: growth.toFixed(2),
        met: growth <= FLAT,
      },
    ],
  };
}
