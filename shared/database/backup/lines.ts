/** Streams of bytes cut into blocks of whole lines. */

/** Large enough that compressing it apart costs no space, small enough that some of them are no memory. */
export const BLOCK_BYTES = 1 << 20;
const NEW_LINE = 10;

export interface Lines {
  /** Whole lines, each with its end. */
  readonly bytes: Buffer;
  readonly count: number;
}

export function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEW_LINE); at >= 0; at = bytes.indexOf(NEW_LINE, at + 1)) count++;
  return count;
}

/**
 * Blocks of about a mebibyte; a longer line is a block of its own. What follows the last line's end comes last, with a
 * count of 0.
 */
export async function* inBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Lines> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < BLOCK_BYTES) continue;
    const last = chunk.lastIndexOf(NEW_LINE);
    if (last < 0) continue;
    const rest = chunk.subarray(last + 1);
    held[held.length - 1] = chunk.subarray(0, last + 1);
    const bytes = Buffer.concat(held);
    held = rest.length === 0 ? [] : [rest];
    size = rest.length;
    yield { bytes, count: countLines(bytes) };
  }
  if (size === 0) return;
  const bytes = Buffer.concat(held);
  yield { bytes, count: countLines(bytes) };
}
