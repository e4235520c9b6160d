/**
 * The embedded PostgreSQL under PORTAGE_HOME, for whoever has named no databases. Every command that uses it leaves a
 * file with its process; the last one out stops the server, unless `portage local start` asked to keep it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import {
  addressOf,
  clusterIn,
  initialise,
  runningServer,
  start,
  stop,
  type Address,
  type Cluster,
} from './postgres/cluster.ts';
import { identityOf, isAlive, withLock } from './postgres/lock.ts';

const DATABASES = { source: 'legacy', target: 'target' } as const;
/** Written by `local start` in place of a process: it counts until `local stop`. */
const KEPT = 'kept';

export interface ServerHandle {
  readonly source: string;
  readonly target: string;
  /** Gives it back; the last one stops the server. */
  release(): Promise<void>;
}

export interface ServerState {
  readonly running: boolean;
  readonly kept: boolean;
  readonly port: number;
  /** Processes that use it now. */
  readonly users: readonly number[];
  readonly folder: string;
}

/** Tells two uses by one process apart. */
let serial = 0;

/** Starts the server or joins the one that runs. */
export async function useServer(home: string): Promise<ServerHandle> {
  const place = await placeIn(home);
  const reference = join(place.users, `${process.pid}-${++serial}`);
  const address = await withLock(place.lock, async () => {
    await writeFile(reference, identityOf(process.pid));
    return running(place.cluster);
  });
  return {
    source: urlOf(address, DATABASES.source),
    target: urlOf(address, DATABASES.target),
    release: () =>
      withLock(place.lock, async () => {
        await rm(reference, { force: true });
        await stopIfUnused(place);
      }),
  };
}

/** `local start`: it runs until `local stop`. */
export async function keepServer(home: string): Promise<ServerState> {
  const place = await placeIn(home);
  await withLock(place.lock, async () => {
    await running(place.cluster);
    await writeFile(join(place.users, KEPT), '');
  });
  return serverState(home);
}

/** `local stop`: takes the wish back; a command that still uses the server stops it when it ends. */
export async function dropServer(home: string): Promise<ServerState> {
  const place = await placeIn(home);
  await withLock(place.lock, async () => {
    await rm(join(place.users, KEPT), { force: true });
    await stopIfUnused(place);
  });
  return serverState(home);
}

export async function serverState(home: string): Promise<ServerState> {
  const place = await placeIn(home);
  const live = await liveUsers(place);
  const server = await runningServer(place.cluster);
  return {
    running: server?.ready ?? false,
    kept: live.includes(KEPT),
    port: server?.port ?? (await withLock(place.lock, () => addressOf(place.cluster))).port,
    users: [...new Set(live.filter((name) => name !== KEPT).map((name) => Number.parseInt(name, 10)))],
    folder: place.cluster.folder,
  };
}

/** The variables of `local env`, whether or not the server runs now: port and password stay. */
export async function serverVariables(home: string): Promise<Readonly<Record<string, string>>> {
  const place = await placeIn(home);
  const address = await withLock(place.lock, async () => {
    const stored = await addressOf(place.cluster);
    return { ...stored, port: (await runningServer(place.cluster))?.port ?? stored.port };
  });
  const side = (prefix: string, name: string): Readonly<Record<string, string>> => ({
    [`${prefix}_HOST`]: '127.0.0.1',
    [`${prefix}_PORT`]: String(address.port),
    [`${prefix}_USER`]: 'postgres',
    [`${prefix}_PASSWORD`]: address.password,
    [`${prefix}_NAME`]: name,
  });
  return { ...side('SOURCE_DB', DATABASES.source), ...side('TARGET_DB', DATABASES.target) };
}

interface Place {
  readonly cluster: Cluster;
  readonly users: string;
  readonly lock: string;
}

async function placeIn(home: string): Promise<Place> {
  const folder = resolve(home, 'postgres');
  const users = join(folder, 'users');
  await mkdir(users, { recursive: true });
  return { cluster: clusterIn(folder), users, lock: join(folder, 'lock') };
}

/** The address of a server that takes connections and has both databases. Inside the lock. */
async function running(cluster: Cluster): Promise<Address> {
  const address = await addressOf(cluster);
  const found = await runningServer(cluster);
  if (found?.ready === false) await stop(cluster); // it hangs between two states: whoever started it is gone
  let ready = found?.ready === true ? { ...address, port: found.port } : null;
  if (ready === null) {
    await initialise(cluster, address.password);
    ready = await start(cluster, address);
  }
  // Whoever started it first may have died before the databases were there.
  const made = join(cluster.data, 'portage-databases');
  if (!existsSync(made)) {
    await createDatabases(ready);
    await writeFile(made, '');
  }
  return ready;
}

async function createDatabases(address: Address): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(address, 'postgres') });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    for (const name of Object.values(DATABASES)) {
      if (!rows.some((row) => row.datname === name)) await client.query(`create database ${name} template template0`);
    }
  } finally {
    await client.end();
  }
}

/** Files of processes that died without a word are removed on the way. */
async function liveUsers(place: Place): Promise<readonly string[]> {
  const live: string[] = [];
  for (const name of await readdir(place.users)) {
    const file = join(place.users, name);
    if (name === KEPT || isAlive(await readFile(file, 'utf8').catch(() => ''))) live.push(name);
    else await rm(file, { force: true });
  }
  return live;
}

async function stopIfUnused(place: Place): Promise<void> {
  if ((await liveUsers(place)).length === 0) await stop(place.cluster);
}

const urlOf = (address: Address, database: string): string =>
  `postgres://postgres:${address.password}@127.0.0.1:${address.port}/${database}`;
