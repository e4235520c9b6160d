/** The synchronization job that the benchmark measures, and maps that differ from the one of the other parts. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './databases.ts';
import { runPortage, type Ran } from './portage-command.ts';
import type { Sides } from './sides.ts';

/** A job for the orders, without a schedule that would start it. */
export const addJob = (sides: Sides): Promise<unknown> =>
  run(
    sides.target,
    `INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule, conflict_resolution)
     SELECT DISTINCT map_name, 'bench', '{orders}'::text[], 'daily', 'source_wins' FROM portage.entities`,
  );

export const runJob = (sides: Sides): Promise<Ran> =>
  runPortage(['sync-scheduler', 'run-job', '--name', 'bench', '--manual'], sides);

/** Every run looks at all rows, or trusts its horizon for a year. */
export const lookAt = (sides: Sides, what: 'all rows' | 'changes'): Promise<unknown> =>
  run(
    sides.target,
    `UPDATE portage.synchronization_jobs SET full_every = '${what === 'changes' ? '1 year' : '0'}' WHERE job_name = 'bench'`,
  );

interface OrdersOfMap {
  source: Record<string, unknown>;
  deletes?: string;
}

/** The same databases under a map in which the orders are told otherwise. */
export async function withOrders(sides: Sides, name: string, change: (orders: OrdersOfMap) => void): Promise<Sides> {
  const map = JSON.parse(await readFile(sides.mapFile, 'utf8')) as { entities: { orders: OrdersOfMap } };
  change(map.entities.orders);
  const mapFile = join(dirname(sides.mapFile), `${name}.json`);
  await writeFile(mapFile, JSON.stringify(map));
  return { ...sides, mapFile };
}
