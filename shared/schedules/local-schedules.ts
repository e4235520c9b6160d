/**
 * The port `Schedules` on this machine: a file a job under PORTAGE_HOME, which `sync-scheduler start` fires. Each is written
 * whole and renamed into place, so nobody reads half of one; whose target they belong to is the name of the folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FoundSchedule, JobSchedule, Schedules } from '../operations/ports.ts';

/** Which target the jobs write to. */
export interface TargetAddress {
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

const ENDING = '.json';

/** Jobs of two targets must not meet in one folder. Readable, and told apart where two names look alike on a disk. */
export function schedulesFolder(home: string, { host, port, name }: TargetAddress): string {
  const address = `${host}:${port}/${name}`;
  const digest = createHash('sha256').update(address).digest('hex').slice(0, 8);
  return resolve(home, 'schedules', `${address.replaceAll(/[^\w.-]+/g, '-').slice(0, 80)}-${digest}`);
}

/** Schedules in a folder, which is made with the first of them. */
export function localSchedules(folder: string): Schedules {
  const fileOf = (name: string): string => join(folder, `${encodeURIComponent(name)}${ENDING}`);
  return {
    async names() {
      const files = await readdir(folder).catch(absent<string[]>([]));
      return files
        .filter((file) => file.endsWith(ENDING))
        .map((file) => decodeURIComponent(file.slice(0, -ENDING.length)))
        .sort();
    },
    async find(name) {
      const text = await readFile(fileOf(name), 'utf8').catch(absent(null));
      return text === null ? null : foundIn(name, text);
    },
    async put({ name, expression, timezone, enabled, startsAt }) {
      await mkdir(folder, { recursive: true });
      const draft = join(folder, `.${randomUUID()}`);
      await writeFile(draft, `${JSON.stringify({ name, expression, timezone, enabled, startsAt }, null, 2)}\n`);
      await rename(draft, fileOf(name));
    },
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}

/** A file that somebody edited into something else is a schedule that deviates, not the end of every command. */
function foundIn(name: string, text: string): FoundSchedule {
  const unreadable = { name, expression: '', timezone: '', enabled: false, startsAt: null };
  try {
    const { expression, timezone, enabled, startsAt } = JSON.parse(text) as JobSchedule;
    if (typeof expression === 'string' && typeof timezone === 'string' && typeof enabled === 'boolean')
      return { name, expression, timezone, enabled, startsAt, deviations: [] };
  } catch {
    // No JSON, then.
  }
  return { ...unreadable, deviations: ['its file cannot be read'] };
}

const absent =
  <T>(instead: T) =>
  (error: unknown): T => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead;
    throw error;
  };
