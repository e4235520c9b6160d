/** `set-aside`: the work list, what was ignored, or how another look ended. */
import type * as z from 'zod';
import { finishMigrationOutput } from '../../shared/contracts/migration.ts';
import { setAsideIgnored, setAsideList } from '../../shared/operations/differential-migration/set-aside.ts';
import type { Paint } from '../io.ts';
import { migrationText } from './migration.ts';
import { rowsOf, table, type Column } from './table.ts';

type List = z.output<typeof setAsideList>;
type Row = List['rows'][number];

export function asideText(answer: unknown, paint: Paint): string {
  const list = setAsideList.safeParse(answer);
  if (list.success) return listText(list.data, paint);
  const ignored = setAsideIgnored.safeParse(answer);
  return ignored.success ? ignoredText(ignored.data) : migrationText(finishMigrationOutput.parse(answer), paint);
}

type Kind = NonNullable<List['kinds']>[number];
const KINDS: readonly Column<Kind>[] = [
  { head: 'Entity', text: (kind) => kind.entity },
  { head: 'Code', text: (kind) => kind.code },
  { head: 'Column', text: (kind) => kind.column ?? '-' },
  { head: 'Rows', text: (kind) => kind.rows.toLocaleString('en-US'), align: 'right' },
  { head: 'Reason of one of them', text: (kind) => kind.reason },
];

function listText({ rows, open, ignored, kinds = [], output }: List, paint: Paint): string {
  if (open + ignored === 0) return 'No row is set aside.\n';
  const columns: Column<Row>[] = [
    { head: 'Entity', text: (row) => row.entity },
    { head: 'Code', text: (row) => paint(row.state === 'open' ? 'red' : 'dim', row.code) },
    { head: 'Column', text: (row) => row.column ?? '-' },
    { head: 'Key', text: (row) => row.legacyId },
    ...(ignored === 0
      ? []
      : [{ head: 'Ignored', text: (row: Row) => (row.state === 'ignored' ? (row.ignoredReason ?? 'yes') : '-') }]),
    { head: 'Reason', text: (row) => row.reason },
  ];
  const counts = `${rowsOf(open)} set aside${ignored === 0 ? '' : `, ${rowsOf(ignored)} ignored`}.`;
  const more = rows.length < open + ignored ? ` The first ${rows.length} are shown.` : '';
  return [
    table(columns, rows, paint),
    `${counts}${more}\n`,
    ...(kinds.length === 0 ? [] : [`What is in the way, causes first:\n`, table(KINDS, kinds, paint)]),
    ...(output === undefined ? [] : [`All of them are in ${output}\n`]),
    ...(open === 0
      ? []
      : ['When the cause is corrected: npx portage differential-migration set-aside --entity NAME --retry\n']),
  ].join('\n');
}

function ignoredText({ entity, ignoredNow, notListed }: z.output<typeof setAsideIgnored>): string {
  return [
    ...(ignoredNow.length === 0
      ? []
      : [
          `${rowsOf(ignoredNow.length)} of ${entity} ignored, until the source row changes: ${ignoredNow.join(', ')}\n`,
        ]),
    ...(notListed.length === 0 ? [] : [`Not on the list of rows set aside: ${notListed.join(', ')}\n`]),
  ].join('');
}
