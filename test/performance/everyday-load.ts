/** A small everyday load on the source: lookups and updates by key, at a rate that leaves the server time. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const CLIENTS = 2;
/** Between two requests of a client. */
const THINK_MS = 10;
/** A multiplier without a common factor visits the rows in no order. */
const STRIDE = 7919;

export interface EverydayLoad {
  /** Milliseconds of each request since the last look. */
  taken(): readonly number[];
  stop(): Promise<void>;
}

export async function startEverydayLoad(url: string, rows: number): Promise<EverydayLoad> {
  let times: number[] = [];
  let over = false;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      const client = new pg.Client({ connectionString: url, application_name: 'everyday load' });
      await client.connect();
      return { client, number };
    }),
  );
  const work = clients.map(async ({ client, number }) => {
    for (let i = number; !over; i += CLIENTS) {
      const orderNo = 1 + ((i * STRIDE) % rows);
      const started = performance.now();
      // One write in five, of a value that stays as it is: a later part of the benchmark finds the same rows.
      if (i % 5 === 0) await client.query('UPDATE orders SET note = note WHERE order_no = $1', [orderNo]);
      else await client.query('SELECT * FROM orders WHERE order_no = $1', [orderNo]);
      times.push(performance.now() - started);
      await pause(THINK_MS);
    }
  });
  return {
    taken() {
      const taken = times;
      times = [];
      return taken;
    },
    async stop() {
      over = true;
      await Promise.all(work);
      for (const { client } of clients) await client.end();
    },
  };
}

/** The value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
