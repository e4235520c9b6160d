/** What create-full-backup and restore-from-backup did, for a person. */
import type { BackupFile, FinishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import type { Paint } from '../io.ts';
import { keptText } from './recovery.ts';
import { bytes, duration, number, rowsOf, table, type Column } from './table.ts';

interface Row {
  readonly entity: string;
  readonly counts: FinishRecoveryOutput['entities'][string];
}

const rowsIn = (answer: FinishRecoveryOutput): readonly Row[] =>
  Object.entries(answer.entities).map(([entity, counts]) => ({ entity, counts }));

const count = (head: string, of: (row: Row) => number): Column<Row> => ({
  head,
  align: 'right',
  text: (row) => number(of(row)),
});
const ENTITY: Column<Row> = { head: 'Entity', text: (row) => row.entity };
const TIMES: readonly Column<Row>[] = [
  { head: 'Time', align: 'right', text: ({ counts }) => duration(counts.durationMs) },
  {
    head: 'Rows/s',
    align: 'right',
    text: ({ counts }) => (counts.durationMs > 0 ? number(Math.round((counts.read * 1000) / counts.durationMs)) : '-'),
  },
];

const notesOf = ({ notes }: FinishRecoveryOutput): string => notes.map((note) => `${note}\n`).join('');

const written = (file: BackupFile): string =>
  [
    `${rowsOf(file.rows)} in ${file.file}${file.bytes === null ? '' : `, ${bytes(file.bytes)}`}${file.encrypted ? ', rows of entities with sensitive columns encrypted' : ''}`,
    `SHA-256 ${file.sha256 ?? '-'}`,
  ].join('\n');

export function backupText(answer: FinishRecoveryOutput, paint: Paint): string {
  if (answer.operationId === '') return notesOf(answer);
  const rows = rowsIn(answer);
  const title = answer.dryRun
    ? 'Dry run: no file was written. This is what it would hold.'
    : `${answer.operationId}: ${answer.status.replaceAll('_', ' ')}`;
  const columns = [ENTITY, count('Rows', ({ counts }) => counts.read), ...(answer.dryRun ? [] : TIMES)];
  return [
    `${paint('bold', title)}\n`,
    rows.length === 0 ? '' : table(columns, rows, paint),
    answer.backup === undefined ? '' : `${written(answer.backup)}\n`,
    notesOf(answer),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

export function restoreText(answer: FinishRecoveryOutput, paint: Paint): string {
  if (answer.operationId === '') return notesOf(answer);
  const rows = rowsIn(answer);
  const title = answer.dryRun
    ? 'Dry run: the file is sound, and nothing was written. This is what would come back.'
    : `${answer.operationId}: ${answer.status.replaceAll('_', ' ')}`;
  const columns: Column<Row>[] = [
    ENTITY,
    count('In the backup', ({ counts }) => counts.read),
    count('Brought back', ({ counts }) => counts.inserted),
    count('Restored', ({ counts }) => counts.updated),
    count('As they were', ({ counts }) => counts.unchanged),
    {
      head: 'Kept',
      align: 'right',
      text: ({ counts }) => (counts.kept > 0 ? paint('red', number(counts.kept)) : number(counts.kept)),
    },
    ...(answer.dryRun ? [] : TIMES),
  ];
  const from = answer.backup;
  return [
    `${paint('bold', title)}\n`,
    rows.length === 0 ? '' : table(columns, rows, paint),
    from === undefined
      ? ''
      : `From ${from.file}, as it was on ${(from.takenAt ?? '').replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')}\n`,
    notesOf(answer),
    keptText(answer, paint),
    answer.status === 'stopped' ? 'Give the same command again to continue.\n' : '',
    answer.dryRun || answer.status === 'stopped'
      ? ''
      : `Take it back with: npx portage differential-migration rollback --operation-id ${answer.operationId}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}
