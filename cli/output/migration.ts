/** The end of `migrate` and `resume`: what became of the rows of each entity, and what to look at next. */
import type * as z from 'zod';
import type { entitySummary, FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import type { Paint } from '../io.ts';
import { runReportLines } from './run-report.ts';
import { duration, number, rowsOf, table, type Column } from './table.ts';

type Summary = z.infer<typeof entitySummary>;
type Count = Exclude<keyof Summary, 'durationMs'>;
interface Row extends Summary {
  readonly entity: string;
}

const HEADS: Readonly<Record<Count, string>> = {
  read: 'Read',
  inserted: 'Inserted',
  updated: 'Updated',
  unchanged: 'Unchanged',
  deleted: 'Deleted',
  adopted: 'Adopted',
  kept: 'Kept',
  conflicts: 'Conflicts',
  parked: 'Parked',
  setAside: 'Set aside',
};
/** Shown only where they happened. */
const RARE: readonly Count[] = ['deleted', 'adopted', 'parked'];
const WORRYING: Partial<Record<Count, 'red' | 'yellow'>> = { conflicts: 'yellow', setAside: 'red' };

const TIMES: readonly Column<Row>[] = [
  { head: 'Time', align: 'right', text: (row) => duration(row.durationMs) },
  {
    head: 'Rows/s',
    align: 'right',
    text: (row) => (row.durationMs > 0 ? number(Math.round((row.read * 1000) / row.durationMs)) : '-'),
  },
];

export function migrationText(answer: FinishMigrationOutput, paint: Paint): string {
  const rows: Row[] = Object.entries(answer.entities).map(([entity, summary]) => ({ entity, ...summary }));
  const total = (count: Count): number => rows.reduce((sum, row) => sum + row[count], 0);
  const counts = (Object.keys(HEADS) as Count[]).filter((count) => !RARE.includes(count) || total(count) > 0);
  const columns: Column<Row>[] = [
    { head: 'Entity', text: (row) => row.entity },
    ...counts.map((count): Column<Row> => {
      const colour = WORRYING[count];
      const shown = (row: Row): string => number(row[count]);
      return {
        head: HEADS[count],
        align: 'right',
        text: (row) => (colour !== undefined && row[count] > 0 ? paint(colour, shown(row)) : shown(row)),
      };
    }),
    // Reading alone says nothing about how long the run would take.
    ...(answer.dryRun ? [] : TIMES),
  ];
  const label = answer.batchId === null ? '' : ` (${answer.batchId})`;
  const title = answer.dryRun
    ? 'Dry run: nothing was written. This is what would happen.'
    : `${answer.operationId}${label}: ${answer.status.replaceAll('_', ' ')}`;
  // Nothing was opened: the note says why, and nothing else is to be said.
  if (answer.operationId === '') return answer.notes.map((note) => `${note}\n`).join('');
  return [
    `${paint('bold', title)}\n`,
    rows.length === 0 ? '' : table(columns, rows, paint),
    paragraph(runReportLines(answer)),
    ...answer.notes.map((note) => `${note}\n`),
    ...advice(total('setAside'), total('conflicts'), answer),
  ]
    .filter((part) => part !== null)
    .join('\n');
}

const paragraph = (lines: readonly string[]): string | null =>
  lines.length === 0 ? null : lines.map((line) => `${line}\n`).join('');

/** A long list is for a program. */
const SHOWN = 20;
const listOf = (keys: readonly string[]): string =>
  keys.length <= SHOWN ? keys.join(', ') : `${keys.slice(0, SHOWN).join(', ')} and ${keys.length - SHOWN} more`;

function advice(setAside: number, conflicts: number, answer: FinishMigrationOutput): readonly string[] {
  const lines: string[] = [];
  const notFound = answer.notFound ?? [];
  if (notFound.length > 0)
    lines.push(
      `${rowsOf(notFound.length)} that ${notFound.length === 1 ? 'was' : 'were'} named ${notFound.length === 1 ? 'does' : 'do'} not exist in the source: ${listOf(notFound)}`,
    );
  if (answer.status === 'stopped') lines.push('Continue with: npx portage differential-migration resume --entity all');
  if (setAside > 0)
    lines.push(
      `${rowsOf(setAside)} ${answer.dryRun ? 'would be' : setAside === 1 ? 'was' : 'were'} set aside: what cannot be written is listed by npx portage differential-migration set-aside --entity all, the rest went on.`,
    );
  if (conflicts > 0)
    lines.push(
      `M014 ${rowsOf(conflicts)} changed on both sides: the target is kept, and data_differentials has both values. Next: npx portage conflict-resolver status --unresolved-only`,
    );
  return lines.map((line) => `${line}\n`);
}
