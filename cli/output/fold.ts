/**
 * Folds the sentences of what is printed at the width of the terminal; tables have been made to fit before (fit.ts). A command
 * stays whole, to be copied: it goes to a line of its own, and only the terminal breaks it where it is longer than that.
 */
import { stripVTControlCharacters } from 'node:util';

/** A command with its flags and their values. */
const COMMAND = /(?:npx )?portage(?: [a-z][a-z-]*){1,2}(?: --[\w-]+(?: (?!--)(?:'[^']*'|"[^"]*"|[^\s'"]\S*))?)*\S*/g;
const GLUE = '\u0000';
/** Columns stand two blanks apart. */
const GAP = /\S {2,}(?=\S)/g;
/** A label, or several words of one, before what it is of. */
const LABEL = /^ *\S+(?: \S+)* {2,}/;

const width = (text: string): number => stripVTControlCharacters(text).length;

/** @param columns of the terminal; where it is none nothing is folded */
export const folded = (text: string, columns: number | undefined): string =>
  columns === undefined
    ? text
    : text
        .split('\n')
        .map((line) => (width(line) <= columns ? line : foldedLine(line, columns)))
        .join('\n');

function foldedLine(line: string, columns: number): string {
  const bare = stripVTControlCharacters(line);
  const gaps = bare.match(GAP)?.length ?? 0;
  // More than a label and its text is a row of a table.
  if (gaps > 1) return line;
  const label = gaps === 1 ? (LABEL.exec(bare)?.[0].length ?? 0) : 0;
  // What stands behind so much would be torn from it.
  if (label > columns / 2) return line;
  const leading = bare.length - bare.trimStart().length;
  const hanging = ' '.repeat(label > 0 ? label : leading + 2);
  const lines: string[] = [];
  let current: string | null = null;
  for (const word of line.replace(COMMAND, (command) => command.replaceAll(' ', GLUE)).split(' ')) {
    const joined: string = current === null ? word : `${current} ${word}`;
    const first = current === null || width(current) < label || stripVTControlCharacters(current).trim() === '';
    if (first || width(joined) <= columns) current = joined;
    else {
      lines.push(current ?? '');
      current = `${hanging}${word}`;
    }
  }
  return [...lines, current ?? ''].join('\n').replaceAll(GLUE, ' ');
}
