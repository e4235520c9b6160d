/** One plan of a map at a time: two that begin at once must not each take half of the entities and refuse each other the rest. */
import type { Session } from '../session.ts';

/** Runs the work while no other session plans for the map. A session that dies lets go by itself. */
export async function whilePlanning<T>(target: Session, mapName: string, work: () => Promise<T>): Promise<T> {
  const key = 'hashtextextended($1, 0)';
  await target.run(`SELECT pg_advisory_lock(${key})`, [`portage plan ${mapName}`]);
  try {
    return await work();
  } finally {
    await target.run(`SELECT pg_advisory_unlock(${key})`, [`portage plan ${mapName}`]);
  }
}
