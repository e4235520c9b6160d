// Two databases of a test's own, as the legacy and the new one, and sessions on both.
import { openSession, type DatabaseAddress, type Session } from '../../shared/database/session.ts';
import { createDatabase, dropDatabase, withClient } from './database.ts';

export interface TestSides {
  readonly source: Session;
  readonly target: Session;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  /** Runs SQL as the owner, in either database. */
  run(side: 'source' | 'target', sql: string): Promise<void>;
  /** Closes the sessions and drops the databases. */
  end(): Promise<void>;
}

export const addressOf = (url: string): DatabaseAddress => {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: username,
    password,
    name: decodeURIComponent(pathname.slice(1)),
    ssl: 'disable',
    connectionTimeoutMs: 5000,
  };
};

/** Where the sides are, as URLs of servers; the shared server where one is not named. */
export interface Servers {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}

/** Databases made by the SQL of each side. */
export async function twoSides(sourceSql: string, targetSql: string, servers: Servers = {}): Promise<TestSides> {
  const sourceUrl = await createDatabase('legacy', undefined, servers.source);
  const targetUrl = await createDatabase('target', undefined, servers.target);
  const urls = { source: sourceUrl, target: targetUrl };
  const run = (side: 'source' | 'target', sql: string): Promise<void> =>
    withClient(urls[side], async (client) => {
      await client.query(sql);
    });
  await run('source', sourceSql);
  await run('target', targetSql);
  const source = await openSession('source', addressOf(sourceUrl), { applicationName: 'portage:test' });
  const target = await openSession('target', addressOf(targetUrl), { applicationName: 'portage:test' });
  return {
    source,
    target,
    sourceUrl,
    targetUrl,
    run,
    async end() {
      await source.end();
      await target.end();
      await dropDatabase(sourceUrl);
      await dropDatabase(targetUrl);
    },
  };
}
