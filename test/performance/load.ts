/** The first load of the orders, by hand and by Portage in turn, each into a fresh copy of the same target. */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { prepareFloor, runFloor } from './floor.ts';
import { median, perSecond, seconds, type Measured } from './measure.ts';
import { migrateOrders } from './portage-command.ts';
import { serverProcessorMs } from './server-processor.ts';
import type { Sides } from './sides.ts';

const LEAST_RATIO = 0.9;
const LEAST_ROWS_A_SECOND = 60_000;

interface Timed {
  readonly ms: number;
  /** Of the server's processes. */
  readonly processorMs: number;
}

async function timed(
  bench: Bench,
  rows: number,
  prepare: (sides: Sides) => Promise<void>,
  load: (sides: Sides) => Promise<number>,
): Promise<Timed> {
  const sides = await bench.fresh();
  try {
    await prepare(sides);
    const before = await serverProcessorMs(sides.target);
    const ms = await load(sides);
    const processorMs = (await serverProcessorMs(sides.target)) - before;
    const [counted] = await run(sides.target, 'SELECT count(*) AS rows FROM orders');
    if (Number(counted?.['rows']) !== rows)
      throw new Error(`${rows} orders should be there, and ${counted?.['rows'] ?? 'no'} are`);
    return { ms, processorMs };
  } finally {
    await bench.drop(sides);
  }
}

export async function measureLoad(bench: Bench, rows: number, pairs: number): Promise<Measured> {
  const results: { floor: Timed; portage: Timed }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const floor = await timed(bench, rows, prepareFloor, (sides) => runFloor(sides, rows));
    const portage = await timed(
      bench,
      rows,
      async () => undefined,
      async (sides) => (await migrateOrders(sides)).ms,
    );
    results.push({ floor, portage });
  }
  const ratio = median(results.map(({ floor, portage }) => floor.ms / portage.ms));
  const processorRatio = median(results.map(({ floor, portage }) => floor.processorMs / portage.processorMs));
  const floorMs = median(results.map(({ floor }) => floor.ms));
  const portageMs = median(results.map(({ portage }) => portage.ms));
  const rate = perSecond(rows, portageMs);
  const line = (name: string, floor: Timed, portage: Timed): string[] => [
    name,
    `${perSecond(rows, floor.ms)}`,
    `${perSecond(rows, portage.ms)}`,
    (floor.ms / portage.ms).toFixed(2),
    seconds(floor.processorMs),
    seconds(portage.processorMs),
    (floor.processorMs / portage.processorMs).toFixed(2),
  ];
  return {
    title: `Load of ${rows} orders: foreign key, primary key and two unique indexes on`,
    table: [
      ['pair', 'by hand, rows/s', 'Portage, rows/s', 'ratio', "server's CPU by hand", "server's CPU, Portage", 'ratio'],
      ...results.map(({ floor, portage }, i) => line(String(i + 1), floor, portage)),
      ['median', String(perSecond(rows, floorMs)), String(rate), ratio.toFixed(2), '', '', processorRatio.toFixed(2)],
    ],
    figures: {
      rows,
      pairs: results,
      ratio,
      processorRatio,
      floorRowsPerSecond: perSecond(rows, floorMs),
      portageRowsPerSecond: rate,
    },
    checks: [
      { bound: `at least ${LEAST_RATIO} of the load by hand`, got: ratio.toFixed(2), met: ratio >= LEAST_RATIO },
      // A machine on which the load by hand is slower than that tells nothing about Portage.
      ...(perSecond(rows, floorMs) < LEAST_ROWS_A_SECOND
        ? []
        : [{ bound: `${LEAST_ROWS_A_SECOND} rows/s and more`, got: String(rate), met: rate >= LEAST_ROWS_A_SECOND }]),
    ],
  };
}
