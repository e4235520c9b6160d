/** The verdict as a person reads it: what it says, what it rests on, and what differs. */
import type * as z from 'zod';
import type { JudgeOutput, validatedEntity } from '../../shared/contracts/validation.ts';
import type { Paint } from '../io.ts';
import { number, rowsOf, table, type Column } from './table.ts';

type Row = z.output<typeof validatedEntity> & { readonly entity: string };

const COLOUR = { match: 'green', mismatch: 'red', unknown: 'yellow' } as const;
/** A long list is for a program. */
const SHOWN = 50;
/** Keys in a command that is proposed: more are rather found by their cause. */
const NAMED = 20;

const count = (head: string, of: (row: Row) => number, paint: Paint): Column<Row> => ({
  head,
  align: 'right',
  text: (row) => (of(row) > 0 ? paint('red', number(of(row))) : number(of(row))),
});

export function validationText(answer: JudgeOutput, paint: Paint): string {
  const { verdict, coverage } = answer;
  if (answer.operationId === '')
    return [
      ...answer.findings.map((finding) => findingLine(finding, paint)),
      ...answer.notes.map((note) => `${note}\n`),
    ].join('');
  const rows = Object.entries(answer.entities).map(([entity, each]): Row => ({ entity, ...each }));
  const readsRows = answer.type !== 'performance';
  const columns: readonly Column<Row>[] = [
    { head: 'Entity', text: (row) => row.entity },
    { head: 'Verdict', text: (row) => paint(COLOUR[row.verdict], row.verdict) },
    { head: 'Source', align: 'right', text: (row) => number(row.sourceRows) },
    { head: 'Target', align: 'right', text: (row) => number(row.targetRows) },
    count('Missing', (row) => row.missing, paint),
    count('Extra', (row) => row.extra, paint),
    count('Value', (row) => row.value, paint),
    count('Orphan', (row) => row.orphan, paint),
    count('Wrong parent', (row) => row.wrongParent, paint),
  ];
  const title = `${answer.operationId}: ${paint(COLOUR[verdict], verdict.toUpperCase())}${readsRows ? ` (${basis(coverage)})` : ''}`;
  return [
    `${paint('bold', title)}\n`,
    readsRows ? table(columns, rows, paint) : '',
    ...coverage.holes.map((hole) => `Not read: ${hole.entity}, ${hole.check}: ${hole.code ?? ''} ${hole.message}\n`),
    answer.findings.map((finding) => findingLine(finding, paint)).join(''),
    ...differences(answer, paint),
    ...fixed(answer),
    ...answer.notes.map((note) => `${note}\n`),
    ...(answer.output === undefined ? [] : [`The report is in ${answer.output}\n`]),
    ...advice(answer),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const fixed = ({ repair }: JudgeOutput): readonly string[] =>
  repair === undefined
    ? []
    : [
        `Before it, references of ${rowsOf(repair.rows)} were set to the source's own parent: ${repair.operationId}. It can be taken back: npx portage differential-migration rollback --operation-id ${repair.operationId}\n`,
      ];

const findingLine = ({ code, entity, legacyId, message }: JudgeOutput['findings'][number], paint: Paint): string =>
  `${paint('red', code)} ${entity}${legacyId === undefined ? '' : ` ${legacyId}`}: ${message}\n`;

function basis({ complete, sampled, holes, entities }: JudgeOutput['coverage']): string {
  const read = Object.values(entities).flatMap(({ pieces }) => pieces);
  const sum = (side: 'sourceRows' | 'targetRows'): number => read.reduce((rows, piece) => rows + (piece[side] ?? 0), 0);
  const both = `${rowsOf(sum('sourceRows'))} of the source and ${number(sum('targetRows'))} of the target`;
  if (complete) return `every key was read on both sides: ${both}`;
  if (sampled && holes.length === 0) return `a sample: ${both}`;
  return `not everything could be read: ${both}`;
}

function differences({ differences: list, differencesOmitted = 0 }: JudgeOutput, paint: Paint): readonly string[] {
  if (list === undefined || list.length === 0) return [];
  const shown = list.slice(0, SHOWN);
  const more = list.length - shown.length + differencesOmitted;
  return [
    table(
      [
        { head: 'Entity', text: (row) => row.entity },
        { head: 'Legacy key', text: (row) => row.legacyId },
        { head: 'Kind', text: (row) => row.kind },
        { head: 'Columns', text: (row) => row.columns.join(', ') },
        { head: 'Reason', text: (row) => row.reason },
      ],
      shown,
      paint,
    ),
    ...(more > 0
      ? [`and ${number(more)} more: --json or --output has them, and data_differentials has the values.\n`]
      : []),
  ];
}

function advice(answer: JudgeOutput): readonly string[] {
  const { verdict, differences: list, coverage } = answer;
  const repairs = repairsOf(answer);
  const unread =
    coverage.holes.length > 0 ? ['What was not read is unknown: run it again when its cause is gone.\n'] : [];
  if (verdict === 'mismatch' && repairs.length > 0)
    return [
      ...(list === undefined
        ? ['Each row is listed with --verbose, and stands in data_differentials with the values of both sides.\n']
        : []),
      `Next:\n${repairs.map(([what, command]) => `  ${what.padEnd(12)}npx portage ${command}\n`).join('')}`,
      ...unread,
    ];
  return unread;
}

/** What can be done about each kind of difference, for the entities that have it. */
function repairsOf({ entities, differences = [] }: JudgeOutput): readonly (readonly [what: string, command: string])[] {
  const having = (of: (each: JudgeOutput['entities'][string]) => number): readonly string[] =>
    Object.entries(entities).flatMap(([entity, each]) => (of(each) > 0 ? [entity] : []));
  const missing = having((each) => each.missing);
  const broken = having((each) => each.orphan + each.wrongParent);
  const [first] = differences;
  const edited = having((each) => each.value).map((entity) => {
    const keys = differences.filter((one) => one.kind === 'value' && one.entity === entity).map((one) => one.legacyId);
    return [entity, keys.length === 0 ? 'KEYS' : keyList(keys.slice(0, NAMED))] as const;
  });
  return [
    ...(first === undefined
      ? []
      : [['look', `data-validator check-record --entity ${first.entity} --legacy-id ${key(first.legacyId)}`] as const]),
    ...(missing.length === 0
      ? []
      : [['missing', `differential-migration migrate --entities ${missing.join(',')} --mode missing-only`] as const]),
    ...edited.map(
      ([entity, keys]) =>
        ['value', `differential-migration migrate --entities ${entity} --force-records ${keys}`] as const,
    ),
    ...(broken.length === 0
      ? []
      : [['references', `migration-analyzer repair-relationships --entity ${broken.join(',')} --auto-fix`] as const]),
  ];
}

/** A canonical legacy key as `--legacy-id` takes it in a shell: several columns are a JSON array already. */
const key = (legacyId: string): string => keyList([legacyId]);

/** The same for a list of them, as `--force-records` takes it. */
function keyList(legacyIds: readonly string[]): string {
  if (legacyIds.every((id) => /^[\w.-]+$/.test(id))) return legacyIds.join(',');
  const elements = legacyIds.map((id) => (/^\[.*\]$/s.test(id) ? id : JSON.stringify(id)));
  return `'[${elements.join(',').replaceAll("'", `'\\''`)}]'`;
}
