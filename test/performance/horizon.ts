/** Runs that look at changes alone: what they cost the databases follows the changes, not the table. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { addJob, lookAt, runJob, withOrders } from './job.ts';
import { lastRun } from './last-run.ts';
import { median, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';
import { serverProcessorMs } from './server-processor.ts';

const MOST_GROWTH = 1.5;
const CHANGES = 1000;
const REPEATS = 5;
const SMALL = 10;

/** @param rows of the large table; the small one has a tenth. Both are made anew. */
export async function measureHorizon(bench: Bench, rows: number): Promise<Measured> {
  const sizes = [Math.max(CHANGES * REPEATS, Math.round(rows / SMALL)), rows];
  const times: { readonly rows: number; readonly ms: readonly number[] }[] = [];
  for (const size of sizes) {
    await bench.prepare(size);
    times.push({ rows: size, ms: await runsOf(bench, size) });
  }
  const medians = times.map(({ ms }) => median(ms));
  const growth = (medians[1] ?? 0) / (medians[0] ?? 1);
  return {
    title: `Synchronization by horizon, ${CHANGES} changed in the source`,
    table: [
      ['rows', 'processor time of the databases', 'runs'],
      ...times.map(({ rows: of, ms }, i) => [String(of), `${medians[i] ?? 0} ms`, ms.join(' ')]),
    ],
    figures: { times, growth },
    checks: [
      {
        bound: `of ${rows} rows at most ${MOST_GROWTH} times that of ${sizes[0] ?? 0}`,
        got: growth.toFixed(2),
        met: growth <= MOST_GROWTH,
      },
    ],
  };
}

async function runsOf(bench: Bench, rows: number): Promise<number[]> {
  const plain = await bench.fresh();
  const sides = await withOrders(plain, 'by-moment', (orders) => (orders.source['updatedAt'] = 'updated_at'));
  try {
    await run(sides.source, 'CREATE INDEX ON orders (updated_at)');
    await migrateOrders(sides);
    await addJob(sides);
    await lookAt(sides, 'all rows');
    await runJob(sides); // leaves a horizon
    await lookAt(sides, 'changes');
    const step = Math.floor(rows / CHANGES);
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const change = `SET total = total + 1, updated_at = clock_timestamp() WHERE order_no % ${step} = ${i} AND order_no <= ${step * CHANGES}`;
      await run(sides.source, `UPDATE orders ${change}`);
      const before = await serverProcessorMs(sides.target);
      await runJob(sides);
      times.push((await serverProcessorMs(sides.target)) - before);
      await mustHaveLookedAtChanges(sides.target);
    }
    return times;
  } finally {
    await bench.drop(sides);
  }
}

async function mustHaveLookedAtChanges(target: string): Promise<void> {
  const { read, updated } = await lastRun(target);
  if (read !== CHANGES || updated !== CHANGES)
    throw new Error(`${CHANGES} orders should be read and updated: ${read} were read, ${updated} updated`);
}
