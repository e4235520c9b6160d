/** One PostgreSQL cluster in a folder: made once, started, stopped. Who may do it, and when, is decided in server.ts. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortageError } from '../../../shared/domain/errors.ts';
import { findBinaries, refuseUnreachable, serverUser, type ServerUser } from './binaries.ts';
import { isAlive } from './lock.ts';

export interface Cluster {
  /** `HOME/postgres`. */
  readonly folder: string;
  readonly data: string;
  readonly log: string;
}

export const clusterIn = (folder: string): Cluster => ({
  folder,
  data: join(folder, 'data'),
  log: join(folder, 'server.log'),
});

/** How to reach it; kept in a file, so that exports that somebody has made stay true. */
export interface Address {
  readonly port: number;
  readonly password: string;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // TCP only: a socket in /tmp would meet those of other servers
  max_connections: '200',
  max_wal_size: '2GB', // a first load should not wait for checkpoints
  log_min_messages: 'warning',
};

/** First words of the server's own pid file: its pid, ..., port in line 4, state in line 8. */
export async function runningServer(cluster: Cluster): Promise<{ pid: number; port: number; ready: boolean } | null> {
  const text = await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!(await isThisServer(pid))) return null;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** A stale pid file may name a process that somebody else has started since. */
async function isThisServer(pid: number): Promise<boolean> {
  if (!isAlive(String(pid))) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  return command === null || command === '' || command.includes('postgres');
}

/** The stored address, or a new one: a free port and a password of its own. */
export async function addressOf(cluster: Cluster): Promise<Address> {
  const file = join(cluster.folder, 'address.json');
  const stored = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Address,
    () => null,
  );
  if (stored !== null) return stored;
  const address = { port: await freePort(), password: randomBytes(12).toString('hex') };
  await storeAddress(cluster, address);
  return address;
}

async function storeAddress(cluster: Cluster, address: Address): Promise<void> {
  const file = join(cluster.folder, 'address.json');
  await writeFile(`${file}.new`, JSON.stringify(address), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Makes the cluster where there is none yet; a half-made one is made again. */
export async function initialise(cluster: Cluster, password: string): Promise<void> {
  const made = join(cluster.data, 'PG_VERSION');
  if (
    await readFile(made, 'utf8').then(
      () => true,
      () => false,
    )
  )
    return;
  const { initdb } = await findBinaries();
  const user = await serverUser();
  await rm(cluster.data, { recursive: true, force: true });
  const draft = `${cluster.data}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = join(cluster.folder, 'initdb-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== null) {
    await letUserPass(cluster, user, initdb);
    await Promise.all([chown(draft, user.uid, user.gid), chown(passwordFile, user.uid, user.gid)]);
  }
  const flags = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--lc-messages=C',
    '--no-sync',
  ];
  try {
    await finished(initdb, [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...flags], user, draft);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, cluster.data);
}

/** Starts the server so that it outlives this process, and waits until it takes connections. */
export async function start(cluster: Cluster, address: Address): Promise<Address> {
  const { postgres } = await findBinaries();
  const user = await serverUser();
  if (user !== null) await letUserPass(cluster, user, postgres);
  const port = (await isFree(address.port)) ? address.port : await freePort();
  if (port !== address.port) await storeAddress(cluster, { ...address, port });
  const log = openSync(cluster.log, 'w', 0o600);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', cluster.data, '-p', String(port), ...settings], {
    ...user,
    cwd: cluster.data,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${code ?? signal ?? 'nothing'}`));
  // Crash recovery of a server that was killed in a long load may take its time.
  const until = Date.now() + 60_000;
  for (;;) {
    await sleep(10);
    const running = await runningServer(cluster);
    if (running?.ready === true && running.pid === child.pid) break;
    if (ended !== undefined || Date.now() > until) {
      const tail = (await readFile(cluster.log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
      throw new PortageError(
        'SYS004',
        `The embedded PostgreSQL did not start: ${ended ?? 'no answer in 60 s'}\n${tail}`,
        {
          where: cluster.log,
        },
      );
    }
  }
  child.removeAllListeners();
  child.unref();
  return { ...address, port };
}

/** Ends sessions and server (the server's "fast" shutdown), and waits until it is gone. */
export async function stop(cluster: Cluster): Promise<void> {
  const running = await runningServer(cluster);
  if (running === null) return;
  process.kill(running.pid, 'SIGINT');
  for (let waited = 0; isAlive(String(running.pid)); waited += 10) {
    if (waited === 10_000) process.kill(running.pid, 'SIGQUIT'); // gives up on a clean end; it recovers at the next start
    await sleep(10);
  }
}

/** Only inside of our own folder: what lies above belongs to others, and is named if it is in the way. */
async function letUserPass(cluster: Cluster, user: ServerUser, program: string): Promise<void> {
  for (const folder of [dirname(cluster.folder), cluster.folder]) await chmod(folder, 0o711);
  refuseUnreachable(cluster.data, user);
  refuseUnreachable(program, user);
}

async function finished(
  program: string,
  parameters: readonly string[],
  user: ServerUser | null,
  cwd: string,
): Promise<void> {
  const child = spawn(program, parameters, { ...user, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new PortageError('SYS004', `The embedded PostgreSQL could not be set up: ${errors.trim()}`);
}

const listen = (port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const found = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(found));
    });
  });
const isFree = async (port: number): Promise<boolean> => (await listen(port)) !== null;
const freePort = async (): Promise<number> => (await listen(0)) ?? 54_320;
