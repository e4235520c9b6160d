// A throw-away PostgreSQL cluster for tests. Most share the one of the global set-up; a test that watches the xmin
// horizon, restarts its server, or needs another version, starts one of its own.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync, statfsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { serverUser, type Binaries } from '../../cli/local/postgres/binaries.ts';
import { binariesOf, type Version } from './server-binaries.ts';
import { withDisk, type SmallDisk } from './small-disk.ts';

const USER = 'postgres';
const PASSWORD = 'portage';
const PATIENCE_MS = 60_000;

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
  /** Ends the server process at once, as a crash would; its files stay. */
  crash(): Promise<void>;
  /** Starts it again after a crash, on the same port. */
  start(): Promise<void>;
  /** Stops the cluster and removes its files. */
  stop(): Promise<void>;
}

declare global {
  var portageTestServer: Server | undefined;
}

const MEMORY = '/dev/shm';
/** What all databases of a run of the tests and their log come to, several times over. */
const ROOM = 4 << 30;

/** A cluster that does not wait for a disk needs none: its thousands of small files are made in memory, where there is room. */
function placeFor(settings: Readonly<Record<string, string>>, disk: SmallDisk | null): string {
  if (disk !== null || settings['fsync'] === 'on' || !existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ROOM ? MEMORY : tmpdir();
}

/** Starts a new, empty cluster on a free port; `settings` are added to the ones above. @param disk a small one, in its sight alone */
export async function startServer(
  settings: Readonly<Record<string, string>> = {},
  version: Version | Binaries = 18,
  disk: SmallDisk | null = null,
): Promise<Server> {
  const directory = await mkdtemp(join(placeFor(settings, disk), 'portage-test-'));
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  const { initdb, postgres } = typeof version === 'number' ? binariesOf(version) : version;
  const user = await serverUser();
  const port = await freePort();
  const url = `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const flags = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let child: ChildProcess | undefined;
  // A run that is ended leaves no server behind.
  const killWithUs = (): void => void child?.kill('SIGQUIT');
  process.once('exit', killWithUs);

  const start = async (): Promise<void> => {
    const log: string[] = [];
    const [program, ...rest] = [...withDisk(disk), postgres, '-D', data, '-p', String(port), ...flags];
    const started = spawn(program ?? '', rest, {
      ...user,
      cwd: data,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    await ready(url, started, log);
    started.stderr.removeAllListeners('data').resume(); // what it says later is of no use, and must not block it
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  };
  const stop = async (): Promise<void> => {
    await end('SIGINT');
    process.off('exit', killWithUs);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await chmod(directory, 0o755); // started by root, the server runs as another user
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
    if (user !== null) for (const path of [data, passwordFile]) await chown(path, user.uid, user.gid);
    const options = [
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=password',
      '--encoding=UTF8',
      '--no-sync',
    ];
    await promisify(execFile)(initdb, [`--pgdata=${data}`, ...options, '--locale=C.UTF-8'], { ...user, cwd: data });
    await start();
    await checkPasswordsFast(url);
  } catch (cause) {
    await stop();
    throw new Error(`The test server (${postgres}) did not start`, { cause });
  }
  return { url, crash: () => end('SIGQUIT'), start, stop };
}

async function ready(url: string, server: ChildProcess, log: readonly string[]): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch (cause) {
      if (server.exitCode !== null || Date.now() > until) throw new Error(log.slice(-20).join(''), { cause });
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(20);
  }
}

/** To check a password is made to cost the server milliseconds, and tests open thousands of sessions. Before 16 it cannot be told. */
async function checkPasswordsFast(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>("select current_setting('server_version_num') as n");
    if (Number(rows[0]?.n) < 160_000) return;
    await client.query('alter system set scram_iterations = 1');
    await client.query('select pg_reload_conf()');
    await client.query('set scram_iterations = 1');
    await client.query(`alter role ${USER} password '${PASSWORD}'`);
  } finally {
    await client.end();
  }
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
