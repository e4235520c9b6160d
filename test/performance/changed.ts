/** A run when one row in a hundred has changed, against one when nothing has: changes must be found where they are. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { lastRun } from './last-run.ts';
import { median, seconds, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';
import type { Sides } from './sides.ts';

const MOST_TIMES = 2;
const REPEATS = 3;
/** One row in so many, all over the table. */
const SHARE = 100;

const changeTotals = (sides: Sides, rest: number, sign: '+' | '-'): Promise<unknown> =>
  run(sides.source, `UPDATE orders SET total = total ${sign} 1 WHERE order_no % ${SHARE} = ${rest}`);

export async function measureChanged(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  let changes = 0;
  try {
    await migrateOrders(sides);
    await migrateOrders(sides); // warm: the first look at a page writes its hint bits
    const times: { nothing: number; changed: number }[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const nothing = (await migrateOrders(sides)).ms;
      await changeTotals(sides, i, '+');
      changes++;
      const changed = (await migrateOrders(sides)).ms;
      const { updated } = await lastRun(sides.target);
      const wanted = Math.floor((rows - i) / SHARE) + (i === 0 ? 0 : 1);
      if (updated !== wanted) throw new Error(`${wanted} orders should be updated, and ${updated} are`);
      times.push({ nothing, changed });
    }
    const factor = median(times.map((time) => time.changed / time.nothing));
    return {
      title: `One of ${SHARE} changed of ${rows} orders`,
      table: [
        ['', 'nothing changed', 'changed', 'times'],
        ...times.map((time, i) => [
          String(i + 1),
          seconds(time.nothing),
          seconds(time.changed),
          (time.changed / time.nothing).toFixed(2),
        ]),
      ],
      figures: { rows, times, factor },
      checks: [
        {
          bound: `within ${MOST_TIMES} times the run with nothing changed`,
          got: factor.toFixed(2),
          met: factor <= MOST_TIMES,
        },
      ],
    };
  } finally {
    for (let i = 0; i < changes; i++) await changeTotals(sides, i, '-');
    await bench.drop(sides);
  }
}
