/**
 * Gzip in members of about a mebibyte, each of which says how long it is (RFC 1952, an extra field). Any gunzip reads the
 * file from its beginning; we also begin in the middle, so that a restore that goes on reads no row twice, and
 * compress several members side by side.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';

/**
 * Half of the time of level 6 for a file that is some percent larger (measured on rows with UUIDs and hashes, which no
 * level makes smaller).
 */
export const LEVEL = 4;
/** Compression, no flags but an extra field, no time, the system unknown: the same bytes in every member. */
const START = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, 0x50, 0x42, 4, 0]);
/** With the length of what is compressed. */
export const HEAD_BYTES = START.length + 4;
/** Checksum and size of what was compressed. */
export const TAIL_BYTES = 8;

/** What zlib gives at a time, by default 16 KiB: each time costs a way to another thread and back (measured: a third of a backup). */
interface AtOnce {
  readonly chunkSize: number;
}
const deflate = promisify<Buffer, { level: number } & AtOnce, Buffer>(deflateRaw);
const inflate = promisify<Buffer, { maxOutputLength: number } & AtOnce, Buffer>(inflateRaw);
/** The least that zlib accepts. */
const LEAST_CHUNK = 64;
/** The size comes out of the file, which may be damaged. */
const MOST_CHUNK = 4 << 20;

function member(plain: Buffer, compressed: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  START.copy(head);
  head.writeUInt32LE(compressed.length, START.length);
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32LE(crc32(plain), 0);
  tail.writeUInt32LE(plain.length % 2 ** 32, 4);
  return Buffer.concat([head, compressed, tail]);
}

export const gzipMember = async (plain: Buffer): Promise<Buffer> =>
  member(plain, await deflate(plain, { level: LEVEL, chunkSize: Math.max(LEAST_CHUNK, plain.length >> 1) }));

/** Without compression, so that the same text is the same bytes under every version of zlib. At most 65,535 bytes. */
export function storedMember(plain: Buffer): Buffer {
  const block = Buffer.alloc(5);
  block.writeUInt8(1, 0);
  block.writeUInt16LE(plain.length, 1);
  block.writeUInt16LE(plain.length ^ 0xffff, 3);
  return member(plain, Buffer.concat([block, plain]));
}

/** How many bytes of compressed data follow the head; null where it is no head of ours. */
export const memberLength = (head: Buffer): number | null =>
  head.length === HEAD_BYTES && head.subarray(0, START.length).equals(START) ? head.readUInt32LE(START.length) : null;

/** @param rest what follows the head. @returns null where it is damaged */
export async function gunzipMember(rest: Buffer): Promise<Buffer | null> {
  const end = rest.length - TAIL_BYTES;
  const size = rest.readUInt32LE(end + 4);
  const plain = await inflate(rest.subarray(0, end), {
    maxOutputLength: Math.max(1, size),
    chunkSize: Math.min(MOST_CHUNK, Math.max(LEAST_CHUNK, size)),
  }).catch(() => null);
  return plain?.length === size && crc32(plain) === rest.readUInt32LE(end) ? plain : null;
}
