/**
 * Sessions that outlive a step, because steps of one container follow each other: a step takes an idle one or opens one,
 * and gives it back clean. A step that failed gives none back. Idle ones never outnumber what ran side by side.
 */
import { quoteIdentifier, quoteLiteral } from '../shared/domain/identifiers.ts';
import type { Session } from '../shared/database/session.ts';

/** By database: a process may work on several in turn. */
const idle = new Map<string, Session[]>();
/** By database: sessions lent now, and sessions ever opened. */
const lent = new Map<string, { now: number; opened: number }>();

/** Which session is wanted, and how to open one. */
export interface Wanted {
  /** Names the database and the role. */
  readonly key: string;
  readonly applicationName: string;
  readonly searchPath: readonly string[];
  /** Cuts the session when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  open(): Promise<Session>;
}

/** An idle session made ready under another name, or null; one that died while it slept is dropped. */
async function reused({ key, applicationName, searchPath }: Wanted): Promise<Session | null> {
  const sessions = idle.get(key) ?? [];
  for (let session = sessions.pop(); session !== undefined; session = sessions.pop()) {
    try {
      await session.run(
        `SET application_name = ${quoteLiteral(applicationName.slice(0, 63))}; SET search_path = ${['pg_catalog', ...searchPath].map(quoteIdentifier).join(', ')}`,
      );
      return session;
    } catch {
      await session.end();
    }
  }
  return null;
}

export interface PoolUse {
  readonly inUse: number;
  readonly idle: number;
  /** Since the process began. */
  readonly opened: number;
}

/** The sessions of this process to a database; `key` as it was wanted. */
export const poolUse = (key: string): PoolUse => ({
  inUse: lent.get(key)?.now ?? 0,
  idle: idle.get(key)?.length ?? 0,
  opened: lent.get(key)?.opened ?? 0,
});

async function opened(wanted: Wanted, use: { now: number; opened: number }): Promise<Session> {
  const session = await wanted.open();
  use.opened++;
  return session;
}

/** Gives the work a session, and keeps it for the next step when the work ended well. */
export async function withPooled<T>(wanted: Wanted, work: (session: Session) => Promise<T>): Promise<T> {
  const use = lent.get(wanted.key) ?? { now: 0, opened: 0 };
  lent.set(wanted.key, use);
  const session = (await reused(wanted)) ?? (await opened(wanted, use));
  use.now++;
  try {
    return await lend(session, wanted, work);
  } finally {
    use.now--;
  }
}

/** Nobody misses what was temporary: its end does not wait for the disk. */
const FORGET_TEMPORARY = 'BEGIN; SET LOCAL synchronous_commit = off; DISCARD TEMP; COMMIT';

async function lend<T>(session: Session, { key, signal }: Wanted, work: (session: Session) => Promise<T>): Promise<T> {
  const cut = (): void => session.cut();
  signal?.addEventListener('abort', cut);
  let result: T;
  try {
    signal?.throwIfAborted();
    result = await work(session);
    if (session.side === 'target') await session.run(FORGET_TEMPORARY);
  } catch (error) {
    await session.end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cut);
  }
  const sessions = idle.get(key);
  if (sessions) sessions.push(session);
  else idle.set(key, [session]);
  return result;
}

/** Ends every idle session: the process ends, or a test takes its databases away. */
export async function endIdleSessions(): Promise<void> {
  const sessions = [...idle.values()].flat();
  idle.clear();
  await Promise.all(sessions.map((session) => session.end()));
}
