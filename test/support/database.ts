// A database of its own for each test, on the server that the whole run shares. Cloning a template costs some tens of
// milliseconds, so a test never has to tidy up after another.
import pg from 'pg';
import { SERVER_URL } from './postgres.global-setup.ts';

/** PostgreSQL's code for a template that somebody is still connected to. */
const OBJECT_IN_USE = '55006';

let serial = 0;

/** Creates a fresh database, a copy of `template` (a URL or a name), on the shared server or another; answers its URL. */
export async function createDatabase(name = 'test', template = 'template0', server = serverUrl()): Promise<string> {
  // Workers share the server: the process makes the name unique among them, the serial number within one.
  const unique = `${name}_${process.pid}_${++serial}`;
  const source = template.includes('://') ? databaseName(template) : template;
  await withClient(server, (client) => clone(client, unique, source));
  const url = new URL(server);
  url.pathname = `/${encodeURIComponent(unique)}`;
  return url.href;
}

/** Drops a database, with the sessions that are still in it. */
export async function dropDatabase(url: string): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  await withClient(server.href, async (client) => {
    const name = databaseName(url);
    // Before 13 a database cannot be dropped by force.
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)}`);
  });
}

/** Lends a connected client and closes it afterwards, whatever happens. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a server that goes away shows in the query, not as a crash of the worker
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function serverUrl(): string {
  const url = process.env[SERVER_URL];
  if (!url) throw new Error(`${SERVER_URL} is not set: run tests by \`npm test\`, whose set-up starts the server`);
  return url;
}

function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** A session that has just been closed may linger a moment in the template: wait for it, up to 5 s. */
async function clone(client: pg.Client, name: string, template: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`);
      return;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE || attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
