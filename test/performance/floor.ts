/** Runs the hand-written load of floor.sql: two connections a lane, each lane one half of the keys, batch after batch. */
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { run } from './databases.ts';
import { sectionsOf } from './sections.ts';
import type { Sides } from './sides.ts';

export const floorSql = sectionsOf('floor.sql');

/** The fastest of what was tried; one large INSERT, one lane and batches of 100,000 were slower. */
const LANES = 2;
const BATCH_ROWS = 10_000;

/** Before the clock runs: the mapping of the customers, which are there already. */
export async function prepareFloor(sides: Sides): Promise<void> {
  const [row] = await run(sides.target, `SELECT entity_id FROM portage.entities WHERE entity = 'customers'`);
  await run(sides.target, floorSql('mapping', { leaf: `portage.uuid_mappings_${row?.['entity_id'] ?? ''}` }));
}

/** @returns milliseconds from the first connection to the last commit. */
export async function runFloor(sides: Sides, rows: number, lanes = LANES, batchRows = BATCH_ROWS): Promise<number> {
  const started = performance.now();
  const perLane = Math.ceil(rows / lanes);
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      runLane(sides, lane * perLane, Math.min(rows, (lane + 1) * perLane), batchRows),
    ),
  );
  await run(sides.target, floorSql('finish'));
  return performance.now() - started;
}

async function runLane(sides: Sides, first: number, last: number, batchRows: number): Promise<void> {
  const [source, target] = [sides.source, sides.target].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  await Promise.all([source.connect(), target.connect()]);
  await target.query(floorSql('stage'));
  for (let from = first; from < last; from += batchRows) {
    await target.query(floorSql('empty'));
    const out = source.query(copyTo(floorSql('copy out', { from, to: Math.min(last, from + batchRows) })));
    await pipeline(out, target.query(copyFrom(floorSql('copy in'))));
    await target.query(floorSql('write'));
  }
  await Promise.all([source.end(), target.end()]);
}
