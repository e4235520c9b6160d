/** A small everyday load on the source: lookups and updates by key, at a rate that leaves the server time. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface EverydayLoad {
  /** Milliseconds of each request since the last look. */
  taken(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export function startEverydayLoad(url: string, rows: number): EverydayLoad {
  const clients = new Worker(new URL('everyday-client.ts', import.meta.url), { workerData: { url, rows } });
  return {
    async taken() {
      clients.postMessage('take');
      const [times] = (await once(clients, 'message')) as [readonly number[]];
      return times;
    },
    async stop() {
      clients.postMessage('stop');
      await once(clients, 'exit');
    },
  };
}

/** The value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
