/**
 * Rows of a backup as bytes: each is a JSON array of texts and NULLs on a line of its own. They are proved, and turned into
 * lines of COPY, byte by byte in one pass: parsed into strings, a million rows cost more time than to write them.
 */
import { ROW_FIELDS } from '../../domain/backup.ts';
import { Damaged } from './pieces.ts';

/** One row in the block that it stands in: from `[` until after `]`. */
export interface RowText {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = [code('"'), code('\\'), code(','), code('['), code(']')];
const [NEW_LINE, TAB, NULL, CAPITAL_N, X, U, L] = [10, 9, code('n'), code('N'), code('x'), code('u'), code('l')];
const SPACE = 32;

/** Escapes of JSON that are those of COPY, too. `\"` and `\/` stand for themselves. */
const SAME_ESCAPES = new Set(Array.from('\\nrtbf', code));
const ORIGINS = new Set(Array.from('iar', code));
const [KEY, ORIGIN] = [ROW_FIELDS.indexOf('key'), ROW_FIELDS.indexOf('origin')];

/** What is done with a field on its way. */
export interface FieldForm {
  /** NULL, whatever the file says. */
  readonly omitted?: boolean;
  /** Hexadecimal digits that are bytes. */
  readonly hex?: boolean;
}

/** No row becomes longer than this beside what it is: its number, and the marks of its bytes. */
const MOST_ADDED = 64;
export const mostBytes = ({ from, to }: RowText): number => to - from + MOST_ADDED;

/**
 * Writes the fields of a row as COPY reads them, tabs between, at a place of `out` that has `mostBytes` left.
 * @param width how many fields it must have
 * @returns the place after them
 * @throws Damaged where it is no list of so many texts, or has no mapping
 */
export function copyFields(
  row: RowText,
  width: number,
  forms: readonly FieldForm[],
  out: Buffer,
  start: number,
): number {
  const { bytes, to } = row;
  let at = row.from;
  let place = start;
  for (let field = 0; field < width; field++) {
    if (at >= to || bytes[at++] !== (field === 0 ? OPEN : COMMA)) throw malformed(width);
    if (field > 0) out[place++] = TAB;
    if (bytes[at] === NULL) {
      if (!isNull(bytes, at)) throw malformed(width);
      if (field === KEY || field === ORIGIN) throw unmapped();
      at += NULLS;
      place = putNull(out, place);
      continue;
    }
    if (bytes[at++] !== QUOTE) throw malformed(width);
    if (field === ORIGIN && !(ORIGINS.has(bytes[at] ?? 0) && bytes[at + 1] === QUOTE)) throw unmapped();
    const form = forms[field];
    const began = place;
    if (form?.hex === true) {
      out[place++] = BACKSLASH;
      out[place++] = BACKSLASH;
      out[place++] = X;
    }
    for (;;) {
      const byte = at < to ? (bytes[at++] ?? 0) : 0;
      if (byte === QUOTE) break;
      if (byte < SPACE) throw malformed(width);
      if (byte !== BACKSLASH) {
        out[place++] = byte;
        continue;
      }
      const escaped = bytes[at++] ?? 0;
      if (SAME_ESCAPES.has(escaped)) {
        out[place++] = BACKSLASH;
        out[place++] = escaped;
      } else if (escaped === QUOTE || escaped === SLASH) out[place++] = escaped;
      else if (escaped === U) {
        const end = numberEnd(bytes, at);
        place = putText(out, place, JSON.parse(`"\\u${bytes.toString('latin1', at, end)}"`) as string);
        at = end;
      } else throw malformed(width);
    }
    if (form?.omitted === true) place = putNull(out, began);
  }
  if (bytes[at] !== CLOSE || at + 1 !== to) throw malformed(width);
  return place;
}

const SLASH = code('/');
const NULLS = 4;
const isNull = (bytes: Buffer, at: number): boolean =>
  bytes[at + 1] === U && bytes[at + 2] === L && bytes[at + 3] === L;

const malformed = (width: number): Damaged => new Damaged(`a row that is no list of ${width} texts`);
const unmapped = (): Damaged => new Damaged('a row without its mapping');

const putNull = (out: Buffer, place: number): number => {
  out[place] = BACKSLASH;
  out[place + 1] = CAPITAL_N;
  return place + 2;
};

/** After four digits, and after the second half of a pair that follows. */
function numberEnd(bytes: Buffer, digits: number): number {
  const end = digits + 4;
  const unit = bytes.toString('latin1', digits, end);
  if (!/^[0-9a-fA-F]{4}$/.test(unit)) throw new Damaged('a row with half a character');
  if (!/^[dD][89abAB]/.test(unit)) return end;
  if (!/^\\u[dD][c-fC-F][0-9a-fA-F]{2}$/.test(bytes.toString('latin1', end, end + 6)))
    throw new Damaged('a row with half a character');
  return end + 6;
}

/** A character that JSON has written as a number. */
function putText(out: Buffer, place: number, text: string): number {
  const unit = text.charCodeAt(0);
  // COPY knows no character 0, and a tab would end the field.
  const written = unit < SPACE || unit === BACKSLASH ? `\\x${unit.toString(16).padStart(2, '0')}` : text;
  return place + out.write(written, place, 'utf8');
}

/** The legacy key of a row that was proved. */
export function keyOf({ bytes, from }: RowText): string {
  let end = from + 2;
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return JSON.parse(bytes.toString('utf8', from + 1, end + 1)) as string;
}

/** Rows of a run of lines. In the form that is one document a comma stands before each row but the first. */
export function* rowsIn(lines: Buffer): Generator<RowText> {
  for (let at = 0; at < lines.length;) {
    const found = lines.indexOf(NEW_LINE, at);
    const to = found < 0 ? lines.length : found;
    yield { bytes: lines, from: lines[at] === COMMA ? at + 1 : at, to };
    at = to + 1;
  }
}

/** Where a row is only proved. */
let scratch = Buffer.alloc(1 << 16);

/** @throws Damaged */
export function proveRow(row: RowText, width: number): void {
  if (mostBytes(row) > scratch.length) scratch = Buffer.alloc(2 * mostBytes(row));
  copyFields(row, width, [], scratch, 0);
}
