/** The bytes of a backup taken apart into pieces of whole lines, from its beginning or from any piece on. */
import { HEAD_BYTES, TAIL_BYTES, gunzipMember, memberLength } from './gzip.ts';
import { inBlocks } from './lines.ts';

/** A backup that can be read from anywhere: a file, or an object in a bucket. */
export interface BackupBytes {
  readonly name: string;
  readonly size: number;
  /** Changes when the file does. */
  readonly identity: string;
  /** The bytes from `from` until before `to`. */
  read(from: number, to: number): AsyncIterable<Buffer>;
}

export interface Piece {
  /** Where it begins in the file. */
  readonly offset: number;
  readonly plain: Buffer;
}

/** Thrown inside, told to a person by whoever knows the place: the bytes are not those of a backup. */
export class Damaged extends Error {}

/** Collects what comes until as much is there as is asked for. */
class Collected {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #size = 0;
  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Fewer at the end. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#size < bytes) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      this.#held.push(next.value);
      this.#size += next.value.length;
    }
    const all = this.#held.length === 1 ? (this.#held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#held);
    const taken = all.subarray(0, bytes);
    const rest = all.subarray(taken.length);
    this.#held = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return taken;
  }

  async end(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** Members are read whole: they say how long they are, and what is longer than the file is damaged. */
async function* members(chunks: AsyncIterable<Buffer>, from: number, to: number): AsyncGenerator<Piece> {
  const collected = new Collected(chunks);
  try {
    for (let offset = from; offset < to;) {
      const length = memberLength(await collected.take(HEAD_BYTES));
      if (length === null) throw new Damaged('no block begins where one must');
      const end = offset + HEAD_BYTES + length + TAIL_BYTES;
      if (end > to) throw new Damaged('a block is longer than the file');
      const plain = await gunzipMember(await collected.take(length + TAIL_BYTES));
      if (plain === null) throw new Damaged('a block does not match its checksum');
      yield { offset, plain };
      offset = end;
    }
  } finally {
    await collected.end();
  }
}

async function* plainBlocks(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Piece> {
  let offset = from;
  for await (const { bytes } of inBlocks(chunks)) {
    yield { offset, plain: bytes };
    offset += bytes.length;
  }
}

/** @param seen is given every byte as it stands in the file */
export function piecesOf(
  compressed: boolean,
  file: BackupBytes,
  from: number,
  to: number,
  seen: (bytes: Buffer) => void = () => undefined,
): AsyncGenerator<Piece> {
  async function* observed(): AsyncGenerator<Buffer> {
    for await (const chunk of file.read(from, to)) {
      seen(chunk);
      yield chunk;
    }
  }
  return compressed ? members(observed(), from, to) : plainBlocks(observed(), from);
}
