/**
 * Makes what is printed as wide as the terminal: texts of several words are folded between them, and the columns of a table
 * that is too wide even then go below each other. Names and numbers stay whole, but a dotted name too long for its column.
 */
import { stripVTControlCharacters } from 'node:util';

interface Head {
  readonly align?: 'left' | 'right' | undefined;
  readonly key?: true | undefined;
  readonly head: string;
}
type Cells = readonly (readonly string[])[];

/** Where output is redirected there is no width: a program reads it, or a file keeps it. */
export const terminalWidth = (stream: 'stdout' | 'stderr' = 'stdout'): number | undefined =>
  process[stream].isTTY ? process[stream].columns : undefined;

/** Where a line may end: at a space, and where need be after a dot. */
const WORDS = /\s/;
const PARTS = /\s|(?<=\.)/;

const plain = (text: string): boolean => stripVTControlCharacters(text) === text;
const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
const widthOf = (text: string): number => longest(stripVTControlCharacters(text).split('\n'));
/** The width that a text needs at least; what is coloured is not folded, since its signs take no room. */
const least =
  (ends: RegExp) =>
  (text: string): number =>
    plain(text) ? longest(text.split(ends)) : widthOf(text);

const total = (widths: readonly number[], gap: number): number =>
  widths.reduce((sum, width) => sum + width, gap * (widths.length - 1));

/** By column; numbers are measured whole, their heads are not. */
const measured = (cells: Cells, heads: readonly Head[], measure: (text: string) => number): number[] =>
  heads.map(({ head, align }, i) =>
    Math.max(measure(head), ...cells.map((row) => (align === 'right' ? widthOf : measure)(row[i] ?? ''))),
  );

/**
 * Which columns stand beside each other, by their places: all, or as many as the terminal holds and the rest below. What
 * names the row, the keys or else the first text, begins each part.
 */
export function parts(cells: Cells, heads: readonly Head[], gap: number, columns: number | undefined): number[][] {
  const all = [...heads.keys()];
  if (columns === undefined || total(measured(cells, heads, least(WORDS)), gap) <= columns) return [all];
  // Beside each other no text is folded: a list of folded owners is longer than two lists.
  const widths = heads.map(({ head }, i) => Math.max(least(WORDS)(head), ...cells.map((row) => widthOf(row[i] ?? ''))));
  const marked = all.filter((i) => heads[i]?.key === true);
  const first = heads.findIndex(({ align }) => align !== 'right');
  const keys = marked.length > 0 ? marked : first === -1 ? [] : [first];
  const part = (own: readonly number[]): number[] => [...keys, ...own].sort((a, b) => a - b);
  const found: number[][] = [];
  let own: number[] = [];
  for (const i of all.filter((each) => !keys.includes(each))) {
    const wanted = part([...own, i]).map((at) => widths[at] ?? 0);
    if (own.length > 0 && total(wanted, gap) > columns) {
      found.push(part(own));
      own = [];
    }
    own.push(i);
  }
  return [...found, part(own)];
}

/** The cells and heads, folded so that the whole takes `columns`; as they are where that cannot be. */
export function fitted(
  cells: Cells,
  heads: readonly Head[],
  gap: number,
  columns: number | undefined,
): { readonly cells: Cells; readonly heads: readonly string[] } {
  const asTheyAre = { cells, heads: heads.map(({ head }) => head) };
  if (columns === undefined) return asTheyAre;
  const widths = measured(cells, heads, widthOf);
  const smallest = [WORDS, PARTS]
    .map((ends) => measured(cells, heads, least(ends)))
    .find((each) => total(each, gap) <= columns);
  if (total(widths, gap) <= columns || smallest === undefined) return asTheyAre;
  while (total(widths, gap) > columns) {
    const room = widths.map((width, i) => (width > (smallest[i] ?? width) ? width : 0));
    const widest = room.indexOf(Math.max(...room));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const folded = (texts: readonly string[]): string[] => texts.map((text, i) => fold(text, widths[i] ?? text.length));
  return { cells: cells.map(folded), heads: folded(asTheyAre.heads) };
}

function fold(text: string, width: number): string {
  if (widthOf(text) <= width || !plain(text)) return text;
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(...pieces(word, width));
  }
  return lines.join('\n');
}

/** A word that is longer than a line, in lines that end with a dot of it. */
function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  const lines: string[] = [''];
  for (const piece of word.split(PARTS)) {
    const line = lines.at(-1) ?? '';
    if (line === '' || line.length + piece.length <= width) lines[lines.length - 1] = `${line}${piece}`;
    else lines.push(piece);
  }
  return lines;
}

/** A sentence, in lines of the terminal; the second and further ones are indented. A word stays whole, to be copied. */
export function sentence(text: string, indent = '', columns: number | undefined = terminalWidth()): string {
  if (columns === undefined) return `${text}\n`;
  const lines: string[] = [];
  for (const word of text.trimStart().split(' ')) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(`${/^ */.exec(text)?.[0] ?? ''}${word}`);
    else if (widthOf(`${line} ${word}`) <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What a command is for, and the command: whole, on a line of its own where the terminal holds no more, to be copied. */
export function commandLine(text: string, command: string, columns: number | undefined = terminalWidth()): string {
  const narrow = columns !== undefined && text.length + 1 + command.length > columns;
  return `${text}${narrow ? '\n  ' : ' '}${command}\n`;
}
