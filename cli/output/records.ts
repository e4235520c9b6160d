/** One row side by side: what each column says in the source and in the target, and who changed it since it was migrated. */
import type { ComparedRecordAnswer, RecordsAnswer } from '../../shared/operations/compared-records.ts';
import type { Paint } from '../io.ts';
import { table } from './table.ts';

type Column = ComparedRecordAnswer['columns'][number];

/** As much of a value as leaves room for two of them in a line. */
const WIDE = 40;
const COLOUR = { match: 'green', mismatch: 'red', absent: 'yellow' } as const;

const value = (text: string | null, { sensitive }: Column): string => {
  if (text === null) return 'NULL';
  if (sensitive) return `hash ${text.slice(0, 12)}`;
  const shown = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return text === '' ? "''" : shown.length > WIDE ? `${shown.slice(0, WIDE - 3)}...` : shown;
};

const changes = ({ changedInSource, changedInTarget }: Column): string =>
  [changedInSource === true ? 'source' : '', changedInTarget === true ? 'target' : ''].filter(Boolean).join(', ');

export const recordsText = ({ records }: RecordsAnswer, paint: Paint): string =>
  records.map((record) => recordText(record, paint)).join('\n');

const agrees = (mapping: NonNullable<ComparedRecordAnswer['mapping']>, targetKey: string | null): string =>
  mapping.agrees
    ? ''
    : targetKey === null
      ? ', a row that is not there any more'
      : ', which disagrees with the identity of the row';

function recordText(record: ComparedRecordAnswer, paint: Paint): string {
  const { entity, legacyId, verdict, says, target, mapping, setAside } = record;
  const head = `${paint('bold', `${entity} ${legacyId}`)}: ${paint(COLOUR[verdict], verdict)}, ${says}\n`;
  const mapped =
    mapping === null
      ? 'no mapping'
      : `mapped to ${mapping.targetKey ?? '-'} (${mapping.origin} by ${mapping.operationId}${mapping.closed ? ', closed' : ''}${mapping.hasBases ? '' : ', no bases'}${agrees(mapping, target.key)})`;
  const lines = [
    `Target key ${target.key ?? '-'}, ${mapped}\n`,
    ...(setAside === null ? [] : [`Set aside: ${setAside.code} ${setAside.reason}\n`]),
  ];
  if (record.columns.length === 0) return [head, ...lines].join('');
  const columns = table<Column>(
    [
      { head: 'Column', text: (row) => row.column },
      { head: 'Source', text: (row) => value(row.source, row) },
      { head: 'Target', text: (row) => value(row.target, row) },
      {
        head: 'Verdict',
        text: (row) =>
          row.verdict === 'differs'
            ? paint('red', row.reason === null || row.reason === 'value' ? 'differs' : `differs: ${row.reason}`)
            : row.verdict,
      },
      { head: 'Changed since', text: changes },
    ],
    record.columns,
    paint,
  );
  return [head, ...lines, '\n', columns].join('');
}
