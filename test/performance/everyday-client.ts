/** The clients of the everyday load, in a thread of their own: what the benchmark does beside them must not delay their clock. */
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';

const CLIENTS = 2;
/** Between two requests of a client. */
const THINK_MS = 10;
/** A multiplier without a common factor visits the rows in no order. */
const STRIDE = 7919;

const { url, rows } = workerData as { readonly url: string; readonly rows: number };
let times: number[] = [];
let over = false;

async function work(number: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'everyday load' });
  await client.connect();
  for (let i = number; !over; i += CLIENTS) {
    const orderNo = 1 + ((i * STRIDE) % rows);
    const started = performance.now();
    // One write in five, of a value that stays as it is: a later part of the benchmark finds the same rows.
    if (i % 5 === 0) await client.query('UPDATE orders SET note = note WHERE order_no = $1', [orderNo]);
    else await client.query('SELECT * FROM orders WHERE order_no = $1', [orderNo]);
    times.push(performance.now() - started);
    await pause(THINK_MS);
  }
  await client.end();
}

const working = Promise.all(Array.from({ length: CLIENTS }, (_, number) => work(number)));
parentPort?.on('message', (message: 'take' | 'stop') => {
  if (message === 'take') {
    parentPort?.postMessage(times);
    times = [];
  } else {
    over = true;
    void working.then(() => parentPort?.close());
  }
});
