/**
 * Processor time of the server and all of its backends, living and ended. On a machine that others use as well, wall times
 * say little; this hardly changes with what they do.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** Fields of /proc/PID/stat after the name: 1 is the parent, 11 to 14 are user and system time, own and of ended children. */
const fieldsOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);

const sum = (fields: readonly number[], from: number, to: number): number =>
  fields.slice(from, to).reduce((a, b) => a + b, 0);

/** Milliseconds so far. The server must run on this machine. */
export async function serverProcessorMs(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const server = fieldsOf(rows[0]?.pid ?? 0)[1] ?? 0;
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number);
    const living = children.map((pid) => {
      try {
        return sum(fieldsOf(pid), 11, 13);
      } catch {
        return 0;
      }
    });
    return TICK_MS * (sum(fieldsOf(server), 11, 15) + living.reduce((a, b) => a + b, 0));
  } finally {
    await client.end();
  }
}
