/** The end of a synchronization run: what became of the rows of each entity, how its changes were found, what was settled. */
import type { FinishRunOutput } from '../../shared/contracts/synchronization.ts';
import type { Paint } from '../io.ts';
import { duration, number, rowsOf, table, type Column } from './table.ts';

type Summary = FinishRunOutput['entities'][string];
type Count = Exclude<keyof Summary, 'durationMs'>;
interface Row extends Summary {
  readonly entity: string;
  readonly path: string;
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

export function runText(answer: FinishRunOutput, paint: Paint): string {
  if (answer.status === 'skipped') return answer.notes.map((note) => `Skipped: ${note}\n`).join('');
  const rows: Row[] = Object.entries(answer.entities).map(([entity, summary]) => ({
    entity,
    path: answer.detection[entity]?.path ?? '-',
    ...summary,
  }));
  const total = (count: Count): number => rows.reduce((sum, row) => sum + row[count], 0);
  const counts = (Object.keys(HEADS) as Count[]).filter((count) => !RARE.includes(count) || total(count) > 0);
  const columns: Column<Row>[] = [
    { head: 'Entity', text: (row) => row.entity },
    { head: 'Looked at', text: (row) => (row.path === 'horizon' ? 'changes' : 'all rows') },
    ...counts.map((count): Column<Row> => {
      const colour = WORRYING[count];
      const shown = (row: Row): string => number(row[count]);
      return {
        head: HEADS[count],
        align: 'right',
        text: (row) => (colour !== undefined && row[count] > 0 ? paint(colour, shown(row)) : shown(row)),
      };
    }),
    { head: 'Time', align: 'right', text: (row) => duration(row.durationMs) },
  ];
  const label = answer.batchId === null ? '' : ` (${answer.batchId})`;
  return [
    `${paint('bold', `${answer.jobName}: ${answer.operationId}${label}: ${answer.status.replaceAll('_', ' ')}`)}\n`,
    rows.length === 0 ? '' : table(columns, rows, paint),
    ...Object.entries(answer.settled).map(
      ([rule, count]) => `${rowsOf(count)} that both sides changed settled by ${rule}.\n`,
    ),
    ...answer.notes.map((note) => `${note}\n`),
    ...advice(total('setAside'), total('conflicts'), rows),
  ].join('\n');
}

function advice(setAside: number, conflicts: number, rows: readonly Row[]): readonly string[] {
  const lines: string[] = [];
  if (rows.some((row) => row.path === 'horizon'))
    lines.push(
      'Where only changes were looked at, rows deleted in the source and edits of the target wait for the next full comparison.',
    );
  if (setAside > 0)
    lines.push(
      `${rowsOf(setAside)} could not be written: npx portage differential-migration set-aside --entity all lists them.`,
    );
  if (conflicts > 0)
    lines.push(
      `${rowsOf(conflicts)} changed on both sides and stay open: npx portage conflict-resolver status lists them.`,
    );
  return lines.map((line) => `${line}\n`);
}
