// Compares what a document shows with what came out: what changes from run to run (times, rates, ids of operations) is
// hidden on both sides, everything else must be the same.

/** Columns whose cells are another every time. */
const VOLATILE = new Set([
  'Time',
  'Rows/s',
  'ETA',
  'Heartbeat',
  'Latency',
  'Owner',
  'Version',
  'Database',
  'Operation',
  'Next run',
]);

const cells = (line: string): string[] => line.trim().split(/\s{2,}/);

/** Lines with their volatile parts replaced, and columns separated alike however wide they are. */
export function steady(lines: readonly string[]): readonly string[] {
  let hidden: readonly number[] = [];
  return lines.map((line) => {
    const row = cells(line);
    if (row.some((cell) => VOLATILE.has(cell))) hidden = row.flatMap((cell, i) => (VOLATILE.has(cell) ? [i] : []));
    else if (line.trim() === '') hidden = [];
    else for (const i of hidden) if (row[i] !== undefined) row[i] = '*';
    return row
      .join('  ')
      .replace(/\b[a-z]+(_[a-z]+)?_\d{8}_\d{6}(_\d+)?\b/g, 'OPERATION')
      .replace(/\bbatch_\d{8}\b/g, 'LABEL')
      .replace(/\b\d+ s ago\b/g, 'N s ago')
      .replace(/^name: "\w+"/, 'name: "DATABASE"');
  });
}

/** Whether the output is what is shown, where a line `...` stands for any number of lines. */
export function matches(shown: readonly string[], output: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return output.length === 0;
  if (first !== '...') return output.length > 0 && output[0] === first && matches(rest, output.slice(1));
  return output.some((_, i) => matches(rest, output.slice(i))) || rest.length === 0;
}

/** Without empty lines at either end. */
export function trimmed(lines: readonly string[]): readonly string[] {
  const isFull = (line: string): boolean => line.trim() !== '';
  const from = lines.findIndex(isFull);
  return from === -1 ? [] : lines.slice(from, lines.findLastIndex(isFull) + 1);
}

/** The rows of a table as psql prints it, its head first. */
export const psqlRows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^[-+]+$/.test(line.trim()) && !/^\(\d+ rows?\)$/.test(line.trim()))
    .map((line) => line.split('|').map((cell) => cell.trim()));
