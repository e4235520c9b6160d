/** What a verdict rests on: what was read and when, in which environment, with which versions. */
import type { JudgeOutput } from '../contracts/validation.ts';
import { detailsHtml, escaped, tableHtml } from './page.ts';

type Circumstances = NonNullable<JudgeOutput['circumstances']>;

export const whole = (value: number): string => value.toLocaleString('en-US');
export const quiet = (text: string): string => `<p class="quiet">${escaped(text)}</p>\n`;
const second = (moment: string | null): string =>
  moment === null ? '-' : `${moment.slice(0, 10)} ${moment.slice(11, 19)}`;

const NAME = {
  integrity: 'keys, values, references',
  relationships: 'references and mappings',
  completeness: 'keys',
  performance: 'rates',
} as const;

export function coverage({ coverage: { entities: read, holes, sampled, complete }, notes }: JudgeOutput): string {
  const rows = Object.entries(read).flatMap(([entity, { pieces }]) =>
    [...Map.groupBy(pieces, ({ check }) => check)].map(([check, own]) => {
      const times = own.flatMap(({ readFrom, readTo }) =>
        readFrom === null || readTo === null ? [] : [{ readFrom, readTo }],
      );
      const rowsOf = (side: 'sourceRows' | 'targetRows'): string =>
        own.every((piece) => piece[side] === null)
          ? '-'
          : whole(own.reduce((total, piece) => total + (piece[side] ?? 0), 0));
      return [
        escaped(entity),
        NAME[check],
        whole(own.length),
        rowsOf('sourceRows'),
        rowsOf('targetRows'),
        second(times.map(({ readFrom }) => readFrom).sort()[0] ?? null),
        second(
          times
            .map(({ readTo }) => readTo)
            .sort()
            .at(-1) ?? null,
        ),
      ];
    }),
  );
  return [
    quiet(
      complete
        ? 'Every key of every entity was read on both sides, without a gap.'
        : sampled
          ? 'A sample of the keys was read.'
          : 'Not every key could be read.',
    ),
    ...holes.map(
      (hole) =>
        `<p class="bad">${escaped(`Not read: ${hole.entity}, ${hole.check}: ${hole.code ?? ''} ${hole.message}`)}</p>\n`,
    ),
    ...notes.map(quiet),
    detailsHtml(
      'What was read, and when',
      tableHtml(
        'What was read, by entity and check',
        [
          { head: 'Entity' },
          { head: 'Compared' },
          { head: 'Pieces', align: 'n' },
          { head: 'Source', align: 'n' },
          { head: 'Target', align: 'n' },
          { head: 'From (UTC)' },
          { head: 'To (UTC)' },
        ],
        rows,
      ),
    ),
  ].join('');
}

export const environment = (
  { operationId, type }: JudgeOutput,
  { environment: where, map, versions, databases, at }: Circumstances,
): string =>
  tableHtml(
    'Environment, databases, map and versions',
    [{ head: 'What' }, { head: 'Which', align: 'wrap' }],
    [
      ['Environment', where],
      ['Source', `${databases.source}; PostgreSQL ${versions.source}`],
      ['Target', `${databases.target}; PostgreSQL ${versions.target}`],
      ['Map', `${map.name}, sha256 ${map.hash}`],
      ['Portage', versions.portage],
      ['Operation', `${operationId}, type ${type}`],
      ['Looked at', at],
    ].map((row) => row.map(escaped)),
  );
