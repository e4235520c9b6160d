/** The server that both sides of a comparison share, its databases, and the map between them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Binaries } from '../../cli/local/postgres/binaries.ts';
import { startServer } from '../support/server.ts';
import { runPortage } from './portage-command.ts';
import { sectionsOf } from './sections.ts';
import type { Sides } from './sides.ts';

/** Said in the report. Durable, unlike the server of the tests; large enough that no checkpoint falls into a load. */
export const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  work_mem: '64MB',
  maintenance_work_mem: '256MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
};
const ROWS_A_CUSTOMER = 10;
const schema = sectionsOf('schema.sql');

export interface Bench {
  readonly version: string;
  /** Makes the source with that many orders, and a target in which the customers stand already. Warm afterwards. */
  prepare(rows: number): Promise<void>;
  /** A fresh copy of the prepared target, checkpointed, beside the source. */
  fresh(): Promise<Sides>;
  drop(sides: Sides): Promise<void>;
  end(): Promise<void>;
}

/** Runs SQL, which may be several statements, and answers the last result's rows. */
export async function run(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const results = [await client.query<Record<string, string>>(sql)].flat();
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

const MAP = {
  name: 'bench',
  entities: {
    customers: {
      source: { table: 'public.customers', key: ['customer_no'] },
      target: { table: 'public.customers', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'customer_no', name: 'name', joined_on: 'joined_on' },
    },
    orders: {
      source: { table: 'public.orders', key: ['order_no'] },
      target: { table: 'public.orders', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'order_no',
        external_id: 'external_ref',
        customer_id: { ref: 'customers', from: ['customer_no'] },
        status: {
          sql: `CASE s.status_cd WHEN 'OP' THEN 'open' WHEN 'BI' THEN 'billed' WHEN 'PD' THEN 'paid' ELSE 'void' END`,
        },
        channel: 'channel',
        total: 'total',
        is_rush: 'is_rush',
        ordered_on: 'ordered_on',
        created_at: 'created_at',
        updated_at: 'updated_at',
        attributes: 'attributes',
        note: 'note',
      },
    },
  },
};

/** Starts a server of its own: of the version that comes with Portage, or by the programs of an installed one. */
export async function startBench(programs?: Binaries): Promise<Bench> {
  const server = await startServer(SETTINGS, programs);
  const folder = await mkdtemp(join(tmpdir(), 'portage-bench-'));
  const mapFile = join(folder, 'map.json');
  await writeFile(mapFile, JSON.stringify(MAP));
  const at = (name: string): string => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const sides: Sides = { source: at('legacy'), target: at('prepared'), mapFile };
  let copies = 0;
  return {
    version: (await run(server.url, 'SHOW server_version'))[0]?.['server_version'] ?? '',
    async prepare(rows) {
      for (const name of ['legacy', 'prepared']) {
        await run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await run(server.url, `CREATE DATABASE ${name} TEMPLATE template0`);
      }
      await run(sides.source, schema('source'));
      await run(
        sides.source,
        schema('source rows', { rows, customers: Math.max(1, Math.ceil(rows / ROWS_A_CUSTOMER)) }),
      );
      await run(sides.target, schema('target'));
      await runPortage(['differential-migration', 'migrate', '--entities', 'customers'], sides);
      await Promise.all([sides.source, sides.target].map((url) => run(url, 'VACUUM ANALYZE')));
      await run(sides.source, 'SELECT count(o.*) FROM orders o');
    },
    async fresh() {
      const name = `target_${++copies}`;
      await run(server.url, `CREATE DATABASE ${name} TEMPLATE prepared`);
      await run(server.url, 'CHECKPOINT');
      return { ...sides, target: at(name) };
    },
    async drop({ target }) {
      await run(server.url, `DROP DATABASE ${new URL(target).pathname.slice(1)} WITH (FORCE)`);
    },
    async end() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
