/** The pieces of a backup line by line: rows, and the marks between them. */
import { isUtf8 } from 'node:buffer';
import type { BlockCipher } from './cipher.ts';
import type { Form, Mark } from './form.ts';
import { Damaged, type Piece } from './pieces.ts';

/** Where reading may begin. */
export interface Place {
  readonly offset: number;
  /** Rows of the entity before it. */
  readonly row: number;
  /** Encrypted blocks of the file before it. */
  readonly sealed: number;
}

/** Rows that follow each other. */
export interface Rows {
  readonly kind: 'rows';
  /** Lines of rows, encrypted no more. */
  readonly lines: Buffer;
  /** As they stand in the file. */
  readonly bytes: Buffer;
  readonly place: Pick<Place, 'offset' | 'sealed'>;
  /** Where the piece begins that they are in. */
  readonly piece: number;
}
export type Event = { readonly kind: 'mark'; readonly mark: Mark } | Rows;

/** Opens the blocks of encrypted rows in their order. */
export interface Opening {
  sealed: number;
  cipher: BlockCipher | null;
}

const [OPEN, QUOTE, COMMA, NEW_LINE] = [0x5b, 0x22, 0x2c, 10];

/** Lines of a piece as events: marks one by one, rows as many as follow each other, or those of an encrypted block. */
export async function* eventsOf(form: Form, { offset, plain }: Piece, opening: Opening): AsyncGenerator<Event> {
  if (!isUtf8(plain)) throw new Damaged('bytes that are no text');
  let from: number | null = null;
  const event = (lines: Buffer, bytes: Buffer, at: number, sealed: number): Event => ({
    kind: 'rows',
    lines,
    bytes,
    // A compressed piece can only be begun where it begins; it holds rows and nothing else.
    place: { offset: form.compressed ? offset : offset + at, sealed },
    piece: offset,
  });
  const run = (begin: number, end: number): Event => {
    const lines = plain.subarray(begin, end);
    return event(lines, lines, begin, opening.sealed);
  };
  for (let at = 0; at < plain.length;) {
    const found = plain.indexOf(NEW_LINE, at);
    const end = found < 0 ? plain.length : found;
    const next = end + 1;
    const first = plain[at] === COMMA ? at + 1 : at;
    if (plain[first] === OPEN) {
      from ??= at;
      at = next;
      continue;
    }
    if (from !== null) yield run(from, at);
    from = null;
    if (plain[first] === QUOTE && plain[end - 1] === QUOTE && end - 1 > first) {
      const { sealed } = opening;
      const lines = await opened(plain.toString('latin1', first + 1, end - 1), opening);
      yield event(lines, plain.subarray(at, next), at, sealed);
    } else {
      const mark = form.read(plain.toString('utf8', at, end));
      if (mark === null) throw new Damaged('a line that is none of a backup');
      yield { kind: 'mark', mark };
    }
    at = next;
  }
  if (from !== null) yield run(from, plain.length);
}

async function opened(sealed: string, opening: Opening): Promise<Buffer> {
  const rows = await opening.cipher?.open(++opening.sealed, sealed);
  if (!rows) throw new Damaged('an encrypted block does not open');
  return rows;
}
