/** Makes a table as wide as the terminal: texts of several words are folded between them. Names and numbers stay whole. */
import { stripVTControlCharacters } from 'node:util';

interface Head {
  readonly align?: 'left' | 'right' | undefined;
  readonly head: string;
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
const widthOf = (text: string): number => longest(stripVTControlCharacters(text).split('\n'));
const wordOf = (text: string): number => longest(stripVTControlCharacters(text).split(/\s/));

/** The cells, folded so that the whole takes `columns`; as they are where nothing is gained, since that cannot be. */
export function fitted(
  cells: readonly (readonly string[])[],
  heads: readonly Head[],
  gap: number,
  columns: number | undefined,
): readonly (readonly string[])[] {
  if (columns === undefined) return cells;
  const over = (measure: (text: string) => number): number[] =>
    heads.map(({ head }, i) => Math.max(widthOf(head), ...cells.map((row) => measure(row[i] ?? ''))));
  const widths = over(widthOf);
  const least = over(wordOf).map((width, i) => (heads[i]?.align === 'right' ? (widths[i] ?? 0) : width));
  const sum = (all: readonly number[]): number => all.reduce((total, width) => total + width, gap * (all.length - 1));
  if (sum(widths) <= columns || sum(least) > columns) return cells;
  while (sum(widths) > columns) {
    const room = widths.map((width, i) => (width > (least[i] ?? width) ? width : 0));
    const widest = room.indexOf(Math.max(...room));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return cells.map((row) => row.map((cell, i) => fold(cell, widths[i] ?? cell.length)));
}

/** Text in lines of a width; what is coloured is left, since its signs take no room. */
function fold(text: string, width: number): string {
  if (widthOf(text) <= width || stripVTControlCharacters(text) !== text) return text;
  const lines: string[] = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
