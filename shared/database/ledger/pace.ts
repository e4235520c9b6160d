/**
 * The pace of `--max-rate`: a token bucket that all lanes of an operation share, in whatever process they run, because it
 * is a row of the ledger (the generic cell rate algorithm: what is kept is the time at which the bucket is empty again). A
 * lane books its rows, waits until their time has come, and only then begins to read: no snapshot is held while it waits.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../session.ts';

export interface Pace {
  /** Books rows, and returns when they may be read. 0: how many they are is not known yet; what was booked is waited for. */
  book(rows: number): Promise<void>;
  /** After reading: books what was read beyond the booking, or gives back what was not there. */
  correct(rows: number): Promise<void>;
}

/** $2: seconds that the rows are worth. The wait is counted where it is imposed. */
const BOOK = `INSERT INTO portage.reading_pace AS p (operation_no, free_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (operation_no) DO UPDATE SET free_at = greatest(p.free_at, clock_timestamp()) + make_interval(secs => $2),
    waited_ms = p.waited_ms + greatest(0, extract(epoch FROM p.free_at - clock_timestamp()) * 1000)::bigint
  RETURNING greatest(0, (extract(epoch FROM free_at - clock_timestamp()) - $2::float8) * 1000) AS wait`;

/** The bucket of an operation. */
export const sharedPace = (target: Session, operationNo: number, rowsPerSecond: number): Pace => ({
  async book(rows) {
    const { wait } = await target.one<{ wait: string }>(BOOK, [operationNo, rows / rowsPerSecond]);
    if (Number(wait) > 0) await pause(Math.ceil(Number(wait)));
  },
  async correct(rows) {
    if (rows !== 0)
      await target.run(
        'UPDATE portage.reading_pace SET free_at = free_at + make_interval(secs => $2) WHERE operation_no = $1',
        [operationNo, rows / rowsPerSecond],
      );
  },
});

/** When the bucket of this process is empty again, by name: for a dry run, which writes nothing anywhere. */
const freeAt = new Map<string, number>();

/** The same within this process. */
export const ownPace = (name: string, rowsPerSecond: number): Pace => ({
  async book(rows) {
    const now = Date.now();
    const begins = Math.max(now, freeAt.get(name) ?? 0);
    freeAt.set(name, begins + (rows * 1000) / rowsPerSecond);
    if (begins > now) await pause(begins - now);
  },
  correct(rows) {
    freeAt.set(name, (freeAt.get(name) ?? Date.now()) + (rows * 1000) / rowsPerSecond);
    return Promise.resolve();
  },
});
