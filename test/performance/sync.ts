/**
 * A synchronization run: with nothing changed against two bare checksum queries, with changes on both sides against that, and
 * by its horizon against nothing, where time should follow what changed.
 */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { floorSql } from './floor.ts';
import { median, seconds, type Measured } from './measure.ts';
import { addJob, lookAt, runJob } from './job.ts';
import { migrateOrders } from './portage-command.ts';
import type { Sides } from './sides.ts';

const MOST_OF_QUERIES = 2;
const MOST_OF_NOTHING = 3;
const REPEATS = 3;
const CHANGED_IN_SOURCE = 100;
const CHANGED_IN_TARGET = 1000;

const sync = async (sides: Sides): Promise<number> => (await runJob(sides)).ms;

async function checksums(sides: Sides): Promise<number> {
  const started = performance.now();
  await run(sides.source, floorSql('checksum of source'));
  await run(sides.target, floorSql('checksum of target'));
  return performance.now() - started;
}

export async function measureSync(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  const touched: string[] = [];
  try {
    await migrateOrders(sides);
    await addJob(sides);
    await lookAt(sides, 'all rows');
    await sync(sides); // warm: the first look at a page writes its hint bits
    const times: { queries: number; nothing: number; changed: number; horizon: number }[] = [];
    for (let i = 0; i < REPEATS; i++) {
      await lookAt(sides, 'all rows');
      const queries = await checksums(sides);
      const nothing = await sync(sides);
      const change = `order_no % ${CHANGED_IN_SOURCE} = ${i}`;
      await run(sides.source, `UPDATE orders SET total = total + 1 WHERE ${change}`);
      touched.push(change);
      await run(sides.target, `UPDATE orders SET note = 'edited' WHERE legacy_id % ${CHANGED_IN_TARGET} = ${500 + i}`);
      const changed = await sync(sides);
      await lookAt(sides, 'changes');
      times.push({ queries, nothing, changed, horizon: await sync(sides) });
    }
    const ofQueries = median(times.map((time) => time.nothing / time.queries));
    const ofNothing = median(times.map((time) => time.changed / time.nothing));
    return {
      title: `Synchronization of ${rows} orders, 1 % changed in the source and 0.1 % in the target`,
      table: [
        ['', 'two checksum queries', 'nothing changed', 'changed', 'by horizon, nothing changed'],
        ...times.map((time, i) => [
          String(i + 1),
          seconds(time.queries),
          seconds(time.nothing),
          seconds(time.changed),
          seconds(time.horizon),
        ]),
      ],
      figures: { rows, times, ofQueries, ofNothing },
      checks: [
        {
          bound: `nothing changed: within ${MOST_OF_QUERIES} times the two checksum queries`,
          got: ofQueries.toFixed(2),
          met: ofQueries <= MOST_OF_QUERIES,
        },
        {
          bound: `changed: within ${MOST_OF_NOTHING} times the run with nothing changed`,
          got: ofNothing.toFixed(2),
          met: ofNothing <= MOST_OF_NOTHING,
        },
      ],
    };
  } finally {
    for (const change of touched) await run(sides.source, `UPDATE orders SET total = total - 1 WHERE ${change}`);
    await bench.drop(sides);
  }
}
