/** What a bug report is made of: facts under their titles, and tables as JSON. */
import type { SystemInfoAnswer } from '../../shared/operations/migration-analyzer/system-info.ts';
import type { Paint } from '../io.ts';
import { bytes, number, table } from './table.ts';

type Facts = SystemInfoAnswer['program'];

export function systemInfoText(answer: SystemInfoAnswer, paint: Paint): string {
  const sections: readonly (readonly [string, Facts | undefined])[] = [
    ['Program', answer.program],
    ['Machine', answer.machine],
    ['Configuration', answer.configuration],
    ['Map', answer.map],
    ['Source', answer.source],
    ['Target', answer.target],
    ['Rows of the ledger', answer.ledger],
    ['Settings of the source', answer.sourceSettings],
    ['Settings of the target', answer.targetSettings],
  ];
  return [
    `${paint('bold', 'Portage')} ${answer.at}\n`,
    ...sections.map(([title, facts]) => section(title, facts ?? {}, paint)),
    ...(answer.tables === undefined || answer.tables.length === 0
      ? []
      : [
          `\n${paint('bold', 'Mapped tables, as the planner estimates them')}\n`,
          table(
            [
              { head: 'Side', text: (row) => row.side },
              { head: 'Table', text: (row) => row.table },
              { head: 'Rows', align: 'right', text: (row) => (row.rows < 0 ? 'never analysed' : number(row.rows)) },
              { head: 'Size', align: 'right', text: (row) => bytes(row.bytes) },
            ],
            answer.tables,
            paint,
          ),
        ]),
  ].join('');
}

function section(title: string, facts: Facts, paint: Paint): string {
  const entries = Object.entries(facts).filter(([, value]) => value !== null);
  if (entries.length === 0) return '';
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(
    ([name, value]) => `  ${name.padEnd(width)}  ${typeof value === 'number' ? number(value) : String(value)}\n`,
  );
  return `\n${paint('bold', title)}\n${lines.join('')}`;
}
