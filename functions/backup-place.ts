/**
 * Where backups are: a file of this machine, or `s3://bucket/key`. What is written appears under its name when it is
 * complete, and nobody but its owner may read it.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { runsInLambda } from '../shared/config.ts';
import type { BackupBytes } from '../shared/database/backup/pieces.ts';
import type { Take } from '../shared/database/backup/write-file.ts';
import { FORM_ENDINGS, formOf, type Form } from '../shared/database/backup/form.ts';
import { PortageError } from '../shared/domain/errors.ts';

/** Somebody's own, and nobody else's: rows of patients stand in it. */
const OWN = 0o600;
/** A draft that nobody has written to for so long is of a process that died. */
const ABANDONED_MS = 3_600_000;

export interface BackupSink {
  /** How the answer names it. */
  readonly name: string;
  readonly take: Take;
  /** Puts it under its name. */
  complete(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

const isObject = (place: string): boolean => place.startsWith('s3://');
/** Loaded where it is used: who writes to a disk need not wait for the client of a bucket. */
const storage = () => import('../shared/aws/storage.ts');

const wrong = (flag: string, got: string, expected: string, cause?: unknown): PortageError =>
  new PortageError('SYS002', `${flag} cannot be used`, { got, expected, where: flag }, { cause });

/** @throws PortageError SYS002 for a name that says no form */
export function formOfPlace(place: string, flag: string): Form {
  const form = formOf(place);
  if (form === null)
    throw wrong(flag, place, `a name that ends in ${FORM_ENDINGS.join(' (one document) or ')} (compact)`);
  return form;
}

const refuseLambda = (flag: string, place: string): void => {
  // A function's own disk is gone with it.
  if (runsInLambda()) throw wrong(flag, `${place}: a deployed environment has no folder of yours`, 's3://bucket/key');
};

/** Opens what is to be written. @throws PortageError SYS002 where it cannot be */
export async function openSink(place: string): Promise<BackupSink> {
  const flag = '--output';
  if (isObject(place)) return { name: place, ...(await (await storage()).writeObject(place)) };
  refuseLambda(flag, place);
  const name = resolve(place);
  const draft = `${name}.part-${process.pid}`;
  await removeAbandoned(name);
  const file = await open(draft, 'w', OWN).catch((error: unknown) => {
    throw wrong(flag, `${name}: ${messageOf(error)}`, 'a path in a folder that is there and may be written', error);
  });
  return {
    name,
    async take(bytes) {
      await file.write(bytes).catch((error: unknown) => {
        throw new PortageError(
          'M021',
          `the backup cannot be written: ${messageOf(error)}`,
          { where: name },
          { cause: error },
        );
      });
    },
    async complete() {
      // A file that was there with other rights, or a draft of an earlier process, does not lend them.
      await file.chmod(OWN);
      await file.sync();
      await file.close();
      await rename(draft, name);
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(draft, { force: true });
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function removeAbandoned(name: string): Promise<void> {
  const folder = dirname(name);
  const drafts = (await readdir(folder).catch(() => [])).filter((each) => each.startsWith(`${basename(name)}.part-`));
  for (const draft of drafts.map((each) => join(folder, each))) {
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - ABANDONED_MS) await rm(draft, { force: true });
  }
}

/** A backup to read. @throws PortageError SYS002 where it is not there */
export async function openBackup(place: string): Promise<BackupBytes> {
  const flag = '--backup-file';
  if (isObject(place)) return { name: place, ...(await (await storage()).openObject(place)) };
  refuseLambda(flag, place);
  const name = resolve(place);
  const facts = await stat(name).catch((error: unknown) => {
    throw wrong(flag, `${name}: ${messageOf(error)}`, 'a backup that is there and may be read', error);
  });
  if (!facts.isFile()) throw wrong(flag, `${name}: no file`, 'a backup');
  return {
    name,
    size: facts.size,
    identity: `${facts.ino} ${facts.size} ${facts.mtimeMs}`,
    read: (from, to) =>
      from >= to ? nothing() : createReadStream(name, { start: from, end: to - 1, highWaterMark: 1 << 18 }),
  };
}

async function* nothing(): AsyncGenerator<Buffer> {
  // No byte at all: a stream cannot be asked for that.
}
