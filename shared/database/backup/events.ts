/** The pieces of a backup line by line: rows, and the marks between them. */
import { isUtf8 } from 'node:buffer';
import type { BlockCipher } from './cipher.ts';
import type { Form, Mark } from './form.ts';
import { linesOf } from './lines.ts';
import { Damaged, type Piece } from './pieces.ts';

/** ROW_FIELDS, then the columns. */
export type KeptRow = readonly (string | null)[];

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
  readonly rows: readonly string[];
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

/** Lines of a piece as events: marks one by one, rows as many as follow each other, or those of an encrypted block. */
export async function* eventsOf(form: Form, { offset, plain }: Piece, opening: Opening): AsyncGenerator<Event> {
  if (!isUtf8(plain)) throw new Damaged('bytes that are no text');
  let run: string[] = [];
  let from = 0;
  const event = (rows: readonly string[], to: number, sealed: number): Event => ({
    kind: 'rows',
    rows,
    bytes: plain.subarray(from, to),
    // A compressed piece can only be begun where it begins; it holds rows and nothing else.
    place: { offset: form.compressed ? offset : offset + from, sealed },
    piece: offset,
  });
  for (const { at, bytes, text } of linesOf(plain)) {
    const row = /^,["[]./.test(text) ? text.slice(1) : text;
    if (row.startsWith('[')) {
      if (run.length === 0) from = at;
      run.push(row);
      continue;
    }
    if (run.length > 0) yield event(run, at, opening.sealed);
    run = [];
    if (row.startsWith('"') && row.endsWith('"')) {
      from = at;
      const { sealed } = opening;
      yield event(await opened(row, opening), at + bytes.length, sealed);
      continue;
    }
    const mark = form.read(text);
    if (mark === null) throw new Damaged('a line that is none of a backup');
    yield { kind: 'mark', mark };
  }
  if (run.length > 0) yield event(run, plain.length, opening.sealed);
}

async function opened(line: string, opening: Opening): Promise<readonly string[]> {
  const rows = await opening.cipher?.open(++opening.sealed, line.slice(1, -1));
  if (!rows) throw new Damaged('an encrypted block does not open');
  return [...linesOf(rows)].map(({ text }) => text.replace(/^,/, ''));
}

export function rowOf(text: string, width: number): KeptRow {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw new Damaged('a row that is no JSON');
  }
  if (!Array.isArray(row) || row.length !== width || !row.every((value) => value === null || typeof value === 'string'))
    throw new Damaged(`a row that is no list of ${width} texts`);
  const [key, , origin] = row as KeptRow;
  if (key === null || !['i', 'a', 'r'].includes(origin ?? '')) throw new Damaged('a row without its mapping');
  return row as KeptRow;
}
