/** Work in transactions of a session: committed, taken back, tried, or durable together at the end. */
import type { Session } from './session.ts';

/**
 * Runs work whose commits do not wait until they are on disk; when it returns, all of them are. A crash of the server in
 * between takes away the last of them, never one before another (PostgreSQL, "Asynchronous Commit").
 */
export async function durableAtEnd<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('SET synchronous_commit = off');
  const result = await work();
  await session.run('SET synchronous_commit = DEFAULT');
  // A commit is written behind all that came before it; one without changes would not be waited for.
  await session.run("SELECT pg_logical_emit_message(true, 'portage', 'durable')");
  return result;
}

/** Sessions in a transaction that is taken back whatever happens in it. */
const rehearsing = new WeakSet<Session>();

/** Runs the work in a transaction that is rolled back at its end; transactions inside are savepoints. */
export async function takenBack<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('BEGIN');
  rehearsing.add(session);
  try {
    return await work();
  } finally {
    rehearsing.delete(session);
    // A rollback that fails means that the connection is gone, and the server rolls back by itself.
    await session.run('ROLLBACK').catch(() => undefined);
  }
}

/** Runs the work inside a transaction that is taken back, and takes it back before the transaction goes on. */
export async function tried<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('SAVEPOINT tried');
  try {
    return await work();
  } finally {
    await session.run('ROLLBACK TO SAVEPOINT tried; RELEASE SAVEPOINT tried').catch(() => undefined);
  }
}

async function savepoint<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('SAVEPOINT work');
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await session.run('ROLLBACK TO SAVEPOINT work; RELEASE SAVEPOINT work').catch(() => undefined);
    throw error;
  }
  await session.run('RELEASE SAVEPOINT work');
  return result;
}

/** Runs the work in a transaction; commits when it returns, rolls back when it throws. */
export async function transaction<T>(session: Session, work: () => Promise<T>, begin = 'BEGIN'): Promise<T> {
  if (rehearsing.has(session)) return savepoint(session, work);
  await session.run(begin);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // A rollback that fails means that the connection is gone, and the server rolls back by itself.
    await session.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await session.run('COMMIT');
  return result;
}
