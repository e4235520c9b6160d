/** A file that a command was asked for: written beside its place and put there when it is complete, so that none is there by half. */
import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runsInLambda } from '../shared/config.ts';
import { PortageError } from '../shared/domain/errors.ts';

const refused = (path: string, why: string, cause?: unknown): PortageError =>
  new PortageError(
    'SYS002',
    'the file cannot be written',
    { got: `${path}: ${why}`, expected: 'a path in a folder that is there and may be written', where: '--output' },
    { cause },
  );

const isObject = (path: string): boolean => path.startsWith('s3://');

/** Whether this process can write there: a function's own disk is gone with it. */
export const isWithinReach = (path: string): boolean => isObject(path) || !runsInLambda();

async function fill(file: WriteStream, write: (file: WriteStream) => Promise<void>): Promise<void> {
  await write(file);
  if (!file.writableEnded) file.end();
  if (!file.closed) await once(file, 'close');
}

/** Written to a file first, which is sent when it is complete: an object cannot be written into. */
async function writeToBucket(place: string, write: (file: WriteStream) => Promise<void>): Promise<string> {
  const { writeObject } = await import('../shared/aws/storage.ts');
  const folder = await mkdtemp(join(tmpdir(), 'portage-output-'));
  try {
    const draft = join(folder, 'draft');
    const file = createWriteStream(draft);
    await fill(file, write);
    const object = await writeObject(place);
    try {
      for await (const chunk of createReadStream(draft, { highWaterMark: 1 << 20 })) await object.take(chunk as Buffer);
      await object.complete();
    } catch (error) {
      await object.discard();
      throw error;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return place;
}

/**
 * @param path of a file, or s3://bucket/key
 * @returns the absolute path
 * @throws PortageError SYS002 when the file cannot be written
 */
export async function writeOutput(path: string, write: (file: WriteStream) => Promise<void>): Promise<string> {
  if (isObject(path)) return writeToBucket(path, write);
  if (!isWithinReach(path)) throw refused(path, 'a deployed environment has no folder of yours; name s3://bucket/key');
  const place = resolve(path);
  const draft = `${place}.part-${process.pid}`;
  const file = createWriteStream(draft);
  try {
    await once(file, 'open');
  } catch (error) {
    throw refused(place, error instanceof Error ? error.message : String(error), error);
  }
  try {
    await fill(file, write);
    await rename(draft, place).catch((error: unknown) => {
      throw refused(place, error instanceof Error ? error.message : String(error), error);
    });
  } catch (error) {
    file.destroy();
    await rm(draft, { force: true });
    throw error;
  }
  return place;
}

/** Waits while the disk is behind. */
export async function put(file: WriteStream, text: string): Promise<void> {
  if (!file.write(text)) await once(file, 'drain');
}
