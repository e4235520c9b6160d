/** Looks at a migration from outside while it runs: how old its snapshots of the source get, and what it says of its end. */
import { setTimeout as pause } from 'node:timers/promises';
import { openSession } from '../../shared/database/session.ts';
import { listCheckpoints } from '../../shared/database/inspect/checkpoint-list.ts';
import { addressOf } from '../support/sides.ts';
import type { Sides } from './sides.ts';

const EVERY_MS = 100;
/** A snapshot keeps vacuum from removing rows for as long as the statement or transaction that holds it lives. */
const OLDEST = `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - coalesce(xact_start, query_start))), 0) AS seconds
  FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'portage:%' AND backend_xmin IS NOT NULL`;

interface Look {
  /** Milliseconds of performance.now(). */
  readonly at: number;
  readonly share: number;
  readonly etaSeconds: number;
}

export interface Watched {
  readonly oldestSnapshotSeconds: number;
  readonly looks: readonly Look[];
}

/** Looks every 100 ms, until stopped. */
export async function watchRun(sides: Sides, mapName: string, entity: string): Promise<{ stop(): Promise<Watched> }> {
  const options = { applicationName: 'bench:watch' };
  const source = await openSession('source', addressOf(sides.source), options);
  const target = await openSession('target', addressOf(sides.target), options);
  let oldestSnapshotSeconds = 0;
  const looks: Look[] = [];
  let over = false;
  const filter = { mapName, entities: [entity], status: null, history: false };
  const watch = async (): Promise<void> => {
    while (!over) {
      const { seconds } = await source.one<{ seconds: string }>(OLDEST);
      oldestSnapshotSeconds = Math.max(oldestSnapshotSeconds, Number(seconds));
      const [listed] = await listCheckpoints(target, filter);
      if (listed?.etaSeconds !== null && listed?.rowsTotal)
        looks.push({ at: performance.now(), share: listed.rowsDone / listed.rowsTotal, etaSeconds: listed.etaSeconds });
      await pause(EVERY_MS);
    }
  };
  const watching = watch();
  return {
    async stop() {
      over = true;
      await watching;
      await Promise.all([source.end(), target.end()]);
      return { oldestSnapshotSeconds, looks };
    },
  };
}
