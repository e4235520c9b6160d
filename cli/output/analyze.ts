/** `analyze`: a line an entity, then what stands in the way. */
import type { AnalyzeAnswer as Answer } from '../../shared/operations/differential-migration/analyze.ts';
import type { Paint } from '../io.ts';
import { sentence } from './fit.ts';
import { bytes, duration, number, table, type Column } from './table.ts';

type Row = Answer['entities'][number];

const counted = (head: string, of: (estimate: NonNullable<Row['estimate']>) => number): Column<Row> => ({
  head,
  align: 'right',
  text: (row) =>
    row.estimate === null ? '-' : `${row.estimate.basis === 'sampled' ? '~' : ''}${number(of(row.estimate))}`,
});

const COLUMNS: readonly Column<Row>[] = [
  { head: 'Wave', align: 'right', text: (row) => (row.wave === null ? '-' : String(row.wave)) },
  { head: 'Entity', text: (row) => row.entity },
  { head: 'Source', align: 'right', text: (row) => number(row.source.rows) },
  { head: 'Size', align: 'right', text: (row) => bytes(row.source.bytes) },
  { head: 'Target', align: 'right', text: (row) => number(row.target.rows) },
  counted('New', (estimate) => estimate.new + estimate.adopted),
  counted('Changed', (estimate) => estimate.changed),
  counted('Deleted', (estimate) => estimate.deleted),
  counted('Unchanged', (estimate) => estimate.unchanged + estimate.targetEdited),
  counted('Set aside', (estimate) => estimate.setAside),
  { head: 'Time', align: 'right', text: (row) => duration(row.seconds === null ? null : row.seconds * 1000) },
  { head: 'Rate', text: (row) => `${number(row.rate.rowsPerSecond)}/s ${row.rate.basis}` },
];

const COLOURS = { fault: 'red', warning: 'yellow', note: 'dim' } as const;

export function analyzeText(answer: Answer, paint: Paint): string {
  const { entities, problems, notes, seconds, output } = answer;
  const sampled = entities.some(({ estimate }) => estimate?.basis === 'sampled');
  const lines = problems.map(({ severity, path, message, got, expected }) => {
    const facts = [
      ...(got === undefined ? [] : [`got ${got}`]),
      ...(expected === undefined ? [] : [`expected ${expected}`]),
    ];
    return sentence(
      `  ${paint(COLOURS[severity], severity.padEnd(7))} ${path}: ${message}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`,
      ' '.repeat(10),
    );
  });
  return [
    table(COLUMNS, entities, paint),
    ...(seconds === null
      ? []
      : [sentence(`All of it: about ${duration(seconds * 1000)}, entities of a wave side by side.`)]),
    ...(sampled ? ['~ from a sample of the ranges that differ.\n'] : []),
    ...notes.map((note) => sentence(note)),
    lines.length === 0 ? 'No problem was found.\n' : `${paint('bold', 'Problems')}\n${lines.join('')}`,
    ...(output === undefined ? [] : [sentence(`The report is in ${output}`)]),
  ].join('\n');
}
