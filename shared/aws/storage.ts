/**
 * Objects of a bucket, written and read as streams of any size. An object appears when it is complete: its parts are
 * nothing that anybody could read before. Reading goes on where it broke off, as long as the object is the same one.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { PortageError } from '../domain/errors.ts';

/** Ten thousand parts are the most: 312 GiB. Some of them are in memory while they travel. */
const PART_BYTES = 32 << 20;
const PARTS_SIDE_BY_SIDE = 2;
/** A connection that breaks so often, one time after the other, is no connection. */
const MOST_BREAKS = 5;
const BREAK_MS = 500;

interface Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** @throws PortageError SYS002 for what is no name of an object */
function addressOf(place: string): Address {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(place) ?? [];
  if (Bucket !== undefined && Key !== undefined && !Key.endsWith('/')) return { Bucket, Key };
  throw new PortageError('SYS002', 'no name of an object', { got: place, expected: 's3://bucket/key' });
}

/** With what the environment says of region, endpoint and credentials. */
const newClient = (): S3Client => new S3Client({});

const nameOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

const refused = (place: string, error: unknown): PortageError =>
  new PortageError(
    'SYS002',
    'the bucket refuses it',
    {
      got: `${place}: ${nameOf(error)}`,
      expected: 'an object that is there and that the role may read or write, in a bucket of this environment',
    },
    { cause: error },
  );

export interface ObjectWriter {
  take(bytes: Buffer): Promise<void>;
  complete(): Promise<void>;
  discard(): Promise<void>;
}

/** Begins an object. @throws PortageError SYS002 where it may not be written, M021 when a part does not arrive */
export async function writeObject(place: string): Promise<ObjectWriter> {
  const address = addressOf(place);
  const client = newClient();
  const { UploadId } = await client
    .send(new CreateMultipartUploadCommand({ ...address, ContentType: 'application/octet-stream' }))
    .catch((error: unknown) => {
      throw refused(place, error);
    });
  const lost = (error: unknown): PortageError =>
    new PortageError('M021', `${place} cannot be written: ${nameOf(error)}`, { where: place }, { cause: error });
  const parts: Promise<CompletedPart>[] = [];
  let held: Buffer[] = [];
  let size = 0;
  const send = async (Body: Buffer): Promise<void> => {
    const PartNumber = parts.length + 1;
    const part = client
      .send(new UploadPartCommand({ ...address, UploadId, PartNumber, Body, ContentLength: Body.length }))
      .then(({ ETag }): CompletedPart => ({ ETag, PartNumber }));
    // Told when it is waited for.
    part.catch(() => undefined);
    parts.push(part);
    const earlier = parts[parts.length - PARTS_SIDE_BY_SIDE];
    if (earlier !== undefined) await earlier.catch((error: unknown) => Promise.reject(lost(error)));
  };
  return {
    async take(bytes) {
      held.push(bytes);
      size += bytes.length;
      if (size < PART_BYTES) return;
      const all = Buffer.concat(held);
      held = [];
      size = 0;
      await send(all);
    },
    async complete() {
      if (parts.length === 0) {
        await client.send(new PutObjectCommand({ ...address, Body: Buffer.concat(held) })).catch((error: unknown) => Promise.reject(lost(error))); // prettier-ignore
        await client.send(new AbortMultipartUploadCommand({ ...address, UploadId })).catch(() => undefined); // prettier-ignore
        return;
      }
      if (size > 0) await send(Buffer.concat(held));
      try {
        const Parts = await Promise.all(parts);
        await client.send(new CompleteMultipartUploadCommand({ ...address, UploadId, MultipartUpload: { Parts } }));
      } catch (error) {
        throw lost(error);
      }
    },
    async discard() {
      await Promise.allSettled(parts);
      await client.send(new AbortMultipartUploadCommand({ ...address, UploadId })).catch(() => undefined);
    },
  };
}

export interface StoredObject {
  readonly size: number;
  /** Changes when the object does. */
  readonly identity: string;
  /** The bytes from `from` until before `to`. */
  read(from: number, to: number): AsyncGenerator<Buffer>;
}

/** @throws PortageError SYS002 where it is not there, or may not be read */
export async function openObject(place: string): Promise<StoredObject> {
  const address = addressOf(place);
  const client = newClient();
  const head = await client.send(new HeadObjectCommand(address)).catch((error: unknown) => {
    throw refused(place, error);
  });
  const { ContentLength: size = 0, ETag: etag = '' } = head;
  return {
    size,
    identity: `${etag} ${size}`,
    async *read(from, to) {
      for (let at = from, breaks = 0; at < to;) {
        try {
          const Range = `bytes=${at}-${to - 1}`;
          const { Body } = await client.send(new GetObjectCommand({ ...address, Range, IfMatch: etag }));
          for await (const chunk of Body as AsyncIterable<Uint8Array>) {
            at += chunk.length;
            breaks = 0;
            yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
          }
          if (at < to) throw new Error('the answer was cut short');
        } catch (error) {
          if (error instanceof Error && error.name === 'PreconditionFailed') throw changed(place, error);
          if (++breaks > MOST_BREAKS)
            throw new PortageError(
              'SYS001',
              `${place} cannot be read: ${nameOf(error)}`,
              { where: place },
              { cause: error },
            );
          await new Promise((resolve) => setTimeout(resolve, BREAK_MS * breaks));
        }
      }
    },
  };
}

const changed = (place: string, cause: unknown): PortageError =>
  new PortageError('M020', 'the object was replaced while it was read', { where: place }, { cause });
