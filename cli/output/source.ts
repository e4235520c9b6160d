/** What a look at the source found, and how large the entities are. */
import type { Paint } from '../io.ts';
import type { SizeAnswer } from '../../shared/operations/data-validator/analyze-size.ts';
import type { SourceAnswer, SourceState } from '../../shared/operations/migration-analyzer/validate-source.ts';
import { sentence } from './fit.ts';
import { bytes, duration, number, table, type Column } from './table.ts';

export function sourceText({ entities, faulty, conflictRecordsOnly, notes }: SourceAnswer, paint: Paint): string {
  const bad = (head: string, of: (row: SourceState) => number): Column<SourceState> => ({
    head,
    align: 'right',
    text: (row) => (of(row) > 0 ? paint('red', number(of(row))) : number(of(row))),
  });
  const rows = table(
    [
      { head: 'Entity', text: (row) => row.entity },
      { head: conflictRecordsOnly ? 'Rows in conflict' : 'Rows', align: 'right', text: (row) => number(row.rows) },
      bad('NULL keys', (row) => row.nullKeys),
      bad('Double keys', (row) => row.duplicateKeys),
      bad('Unreadable', (row) => row.unreadable),
      bad('Do not fit', (row) => row.unfit),
      bad('NULLs', (row) => row.nulls),
    ],
    entities,
    paint,
  );
  const examples = entities.flatMap(({ entity, examples: some }) =>
    some.map(
      ({ legacyId, column, reason }) =>
        `${entity} ${[legacyId, column].filter((part) => part !== null).join(' ')}: ${reason}\n`,
    ),
  );
  const unread = entities.flatMap(({ entity, unread: ranges }) =>
    ranges.map(
      ({ from, to }) =>
        `${entity}: not read further in (${from ?? 'the first key'}, ${to ?? 'the last key'}], too many of its rows are bad\n`,
    ),
  );
  return [
    rows,
    faulty === 0 ? paint('green', 'Every row can be read, and fits the target.\n') : '',
    ...(examples.length === 0 ? [] : ['\n', ...examples]),
    ...unread,
    ...notes.map((note) => `${note}\n`),
  ].join('');
}

export function sizeText({ entities, estimate, notes }: SizeAnswer, paint: Paint): string {
  const mark = (basis: string): string => (basis === 'measured' ? '' : '~');
  const rows = table(
    [
      { head: 'Entity', text: (row) => row.entity },
      { head: 'Source rows', align: 'right', text: (row) => number(row.sourceRows) },
      { head: 'Size', align: 'right', text: (row) => bytes(row.sourceBytes) },
      { head: 'Target rows', align: 'right', text: (row) => number(row.targetRows) },
      { head: 'Size', align: 'right', text: (row) => bytes(row.targetBytes) },
      { head: 'Mapped', align: 'right', text: (row) => number(row.mapped) },
      { head: 'Rows/s', align: 'right', text: (row) => `${mark(row.basis)}${number(row.rowsPerSecond)}` },
      ...(estimate === null
        ? []
        : [
            {
              head: 'Time',
              align: 'right' as const,
              text: (row: SizeAnswer['entities'][number]) => duration(row.seconds === null ? null : row.seconds * 1000),
            },
          ]),
    ],
    entities,
    paint,
  );
  if (estimate === null) return [rows, ...notes.map((note) => sentence(note))].join('');
  const { usd } = estimate;
  const dollars = (value: number): string => `$${value.toFixed(value < 0.01 ? 5 : 2)}`;
  return [
    rows,
    '\n',
    sentence(
      `Everything written once, ${estimate.lanes} lanes: about ${duration(estimate.seconds * 1000)}; where nothing changed about ${duration(estimate.secondsUnchanged * 1000)}.`,
    ),
    sentence(
      `In AWS about ${dollars(usd.total)} a run: Lambda ${dollars(usd.lambda)} (${number(Math.round(estimate.gbSeconds))} GB-s), ${number(estimate.invocations)} requests ${dollars(usd.requests)}, Step Functions ${dollars(usd.stepFunctions)} (${number(estimate.transitions)} transitions).`,
    ),
    ...notes.map((note) => sentence(note)),
  ].join('');
}
