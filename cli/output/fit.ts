/** Makes a table as wide as the terminal: the widest texts are folded, words whole where they fit. Numbers stay as they are. */
import { stripVTControlCharacters } from 'node:util';

/** Narrower than this a text is not read any more, and the terminal may fold the line itself. */
const LEAST = 12;

interface Fitted {
  readonly align?: 'left' | 'right' | undefined;
  readonly head: string;
}

const widthOf = (text: string): number =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );

/** The cells, folded so that the whole takes `columns` where that can be; undefined: as they are. */
export function fitted(
  cells: readonly (readonly string[])[],
  heads: readonly Fitted[],
  gap: number,
  columns: number | undefined,
): readonly (readonly string[])[] {
  if (columns === undefined) return cells;
  const widths = heads.map(({ head }, i) => Math.max(widthOf(head), ...cells.map((row) => widthOf(row[i] ?? ''))));
  const all = (): number => widths.reduce((sum, width) => sum + width, gap * (widths.length - 1));
  const folded = new Set<number>();
  while (all() > columns) {
    const texts = heads.flatMap(({ align, head }, i) =>
      align === 'right' || (widths[i] ?? 0) <= Math.max(LEAST, head.length) ? [] : [i],
    );
    const [widest] = texts.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    folded.add(widest);
  }
  return cells.map((row) => row.map((cell, i) => (folded.has(i) ? fold(cell, widths[i] ?? LEAST) : cell)));
}

/** Text in lines of a width; what is coloured is left, since its signs take no room. */
export function fold(text: string, width: number): string {
  if (stripVTControlCharacters(text) !== text) return text;
  return text
    .split('\n')
    .flatMap((line) => {
      const lines: string[] = [];
      let rest = line;
      while (rest.length > width) {
        const space = rest.lastIndexOf(' ', width);
        const at = space > 0 ? space : width;
        lines.push(rest.slice(0, at));
        rest = rest.slice(at).trimStart();
      }
      return [...lines, rest];
    })
    .join('\n');
}
