/** Tables without lines: numbers to the right, so that they can be compared down a column. */
import Table from 'cli-table3';
import type { Paint } from '../io.ts';
import { fitted, parts, terminalWidth } from './fit.ts';

export interface Column<Row> {
  readonly head: string;
  readonly text: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Names the row: stands in each part of a table whose columns do not fit beside each other. */
  readonly key?: true;
}

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};
const GAP = NO_LINES.middle.length;

/** @param width of the terminal, where it is one: texts are folded to it, and columns beyond it go below */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  width: number | undefined = terminalWidth(),
): string {
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  return parts(cells, columns, GAP, width)
    .map((part) =>
      drawn(
        part.flatMap((i) => columns[i] ?? []),
        cells.map((row) => part.map((i) => row[i] ?? '')),
        paint,
        width,
      ),
    )
    .join('\n');
}

function drawn<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  paint: Paint,
  width: number | undefined,
): string {
  const folded = fitted(cells, columns, GAP, width);
  const bold = (head: string): string => head.replaceAll(/.+/g, (line) => paint('bold', line));
  const drawing = new Table({
    head: folded.heads.map(bold),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    chars: NO_LINES,
  });
  drawing.push(...folded.cells.map((row) => [...row]));
  return `${drawing.toString().replace(/[ \t]+$/gm, '')}\n`;
}

export const number = (value: number | null): string => (value === null ? '-' : value.toLocaleString('en-US'));

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 512 B, 1.2 MB: powers of 1024, as PostgreSQL prints them. */
export function bytes(value: number | null): string {
  if (value === null) return '-';
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

export const rowsOf = (count: number): string => `${number(count)} ${count === 1 ? 'row' : 'rows'}`;

/** 0.4 s, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '-';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
