/** What rollback, backup and restore did, for a person: a row an entity, and the rows that stay as they are. */
import type { FinishRecoveryOutput, KeptRow } from '../../shared/contracts/recovery.ts';
import type { Paint } from '../io.ts';
import { duration, number, rowsOf, table, type Column } from './table.ts';

type Entity = FinishRecoveryOutput['entities'][string] & { readonly entity: string };
const HEADS = { deleted: 'Removed', updated: 'Restored', inserted: 'Brought back', adopted: 'Let go', kept: 'Kept' };
/** So many kept rows are for a person; all of them are in the ledger. */
const SHOWN = 20;

export function recoveryText(answer: FinishRecoveryOutput, paint: Paint): string {
  if (answer.operationId === '') return [...answer.notes.map((note) => `${note}\n`), keptText(answer, paint)].join('');
  const rows: Entity[] = Object.entries(answer.entities).map(([entity, counts]) => ({ entity, ...counts }));
  const columns: Column<Entity>[] = [
    { head: 'Entity', text: (row) => row.entity },
    ...(Object.keys(HEADS) as (keyof typeof HEADS)[]).map((count): Column<Entity> => ({
      head: HEADS[count],
      align: 'right',
      text: (row) => (count === 'kept' && row.kept > 0 ? paint('red', number(row.kept)) : number(row[count])),
    })),
    ...(answer.dryRun
      ? []
      : [{ head: 'Time', align: 'right' as const, text: (row: Entity) => duration(row.durationMs) }]),
  ];
  const title = answer.dryRun
    ? `Dry run: nothing was changed. This is what would happen to ${answer.operations.join(', ')}.`
    : `${answer.operationId}: ${answer.status.replaceAll('_', ' ')}. Taken back: ${answer.operations.join(', ')}.`;
  return [
    `${paint('bold', title)}\n`,
    rows.length === 0 ? '' : table(columns, rows, paint),
    ...answer.notes.map((note) => `${note}\n`),
    keptText(answer, paint),
    answer.status === 'stopped' ? 'Give the same command again to continue.\n' : '',
  ].join('\n');
}

const reasonOf = ({ reason, by, columns, detail }: KeptRow): string => {
  const where = columns.length === 0 ? '' : ` in ${columns.join(', ')}`;
  switch (reason) {
    case 'edited':
      return `edited since${where}`;
    case 'deleted':
      return `deleted since${by === null ? '' : ` by ${by}`}`;
    case 'later operation':
      return `written since by ${by ?? 'a later operation'}${where}`;
    case 'referenced':
      return `rows refer to it: ${detail ?? ''}`;
    case 'refused':
      return `refused by the database: ${detail ?? ''}`;
    case 'occupied':
      return detail ?? 'a row stands in its place again';
  }
};

export function keptText({ kept, keptRows, dryRun, operationId }: FinishRecoveryOutput, paint: Paint): string {
  if (keptRows === 0) return '';
  const shown = kept.slice(0, SHOWN);
  const more = keptRows - shown.length;
  return [
    `${rowsOf(keptRows)} ${dryRun ? 'would stay as they are' : 'stay as they are'}:\n`,
    table(
      [
        { head: 'Entity', text: (row: KeptRow) => row.entity },
        { head: 'Legacy key', text: (row: KeptRow) => row.legacyId },
        { head: 'Why', text: reasonOf },
      ],
      shown,
      paint,
    ),
    more > 0 && !dryRun
      ? `and ${number(more)} more: SELECT * FROM portage.kept_rows JOIN portage.operations o ON o.operation_no = rollback_no WHERE o.operation_id = '${operationId}'\n`
      : more > 0
        ? `and ${number(more)} more\n`
        : '',
  ].join('');
}
