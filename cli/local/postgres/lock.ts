/** A lock between processes, in a file that names its owner, so that the lock of a dead one can be taken. */
import { readFileSync } from 'node:fs';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortageError } from '../../../shared/domain/errors.ts';

/** Starting a server for the first time takes some seconds; whoever waits longer than this waits for nothing. */
const PATIENCE_MS = 60_000;

/** A process that cannot be mistaken for a later one with its number: pid, and where Linux tells it, its start. */
export function identityOf(pid: number): string {
  return `${pid} ${startOf(pid) ?? ''}`.trim();
}

export function isAlive(identity: string): boolean {
  const [pid, start] = identity.trim().split(' ');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return false;
  try {
    process.kill(number, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(number);
  return start === undefined || now === undefined || now === start;
}

function startOf(pid: number): string | undefined {
  try {
    // The second field is the name in brackets, which may contain anything; the start is the 20th after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // A zombie has ended, though nobody has asked for its status yet.
    return fields[0] === 'Z' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}

/** Does the work while no other process is inside the same lock. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await tryLock(file))) {
    if (Date.now() > until) {
      throw new PortageError('SYS004', 'Another process holds the lock of the embedded server', {
        where: file,
        got: `owner: ${await readFile(file, 'utf8').catch(() => 'unknown')}`,
      });
    }
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryLock(file: string): Promise<boolean> {
  if (await createOnce(file, identityOf(process.pid))) return true;
  const owner = await readFile(file, 'utf8').catch(() => null);
  if (owner === null || (owner !== '' && isAlive(owner))) return false;
  if (owner === '' && !(await olderThan(file, 2_000))) return false; // between its creation and its first word
  await takeFromTheDead(file, owner);
  return false;
}

/** Two that find the same dead owner must not remove each other's new lock: one at a time, and each looks again. */
async function takeFromTheDead(file: string, owner: string): Promise<void> {
  const claim = `${file}.claim`;
  if (!(await createOnce(claim, ''))) {
    if (await olderThan(claim, 5_000)) await rm(claim, { force: true });
    return;
  }
  try {
    if ((await readFile(file, 'utf8').catch(() => null)) === owner) await rm(file, { force: true });
  } finally {
    await rm(claim, { force: true });
  }
}

async function createOnce(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await writeFile(handle, content);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function olderThan(file: string, ms: number): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > ms;
}
