/** A validation, or the check before a cut-over, as the page that one hands to whoever decides: the verdict, what it rests on, what is open. */
import type { CutOver } from '../contracts/cut-over.ts';
import type { Difference, JudgeOutput } from '../contracts/validation.ts';
import { detailsHtml, escaped, factsHtml, pageHtml, sentence, tableHtml, type Section } from './page.ts';
import { coverage, environment, quiet, whole } from './validation-basis.ts';
import { differenceFigure } from './validation-figure.ts';

type Entities = JudgeOutput['entities'];
type Circumstances = NonNullable<JudgeOutput['circumstances']>;

const numberOr = (value: number | null): string => (value === null ? '-' : whole(value));
const minute = (moment: string): string => `${moment.slice(0, 10)} ${moment.slice(11, 16)} UTC`;
const toned = (good: boolean, text: string): string => `<span class="${good ? 'good' : 'bad'}">${escaped(text)}</span>`;

/** @param differences the first of them; `more` says that there are others */
export function validationPage(answer: JudgeOutput, differences: readonly Difference[], more: boolean): string {
  const { circumstances: around, cutOver } = answer;
  const name = around?.map.name ?? '';
  return pageHtml({
    title: `${cutOver === undefined ? 'Validation' : 'Cut-over'} of ${name}`,
    about: `${around === undefined ? '' : `Environment ${around.environment}. ${minute(around.at)}. `}${answer.operationId}.`,
    sections: [
      { id: 'verdict', title: 'Verdict', html: verdict(answer) },
      ...(cutOver === undefined ? [] : [{ id: 'checks', title: 'What must hold', html: checks(cutOver) }]),
      { id: 'entities', title: 'Entities', html: entities(answer) },
      { id: 'differences', title: 'Differences', html: listed(answer, differences, more) },
      ...(around === undefined ? [] : [{ id: 'open', title: 'Open and decided', html: open(around) }]),
      { id: 'coverage', title: 'What it rests on', html: coverage(answer) },
      ...(around === undefined
        ? []
        : [{ id: 'environment', title: 'Environment and versions', html: environment(answer, around) }]),
      ...(cutOver === undefined ? [] : [SIGN_OFF]),
    ],
  });
}

const differing = (each: Entities[string]): number =>
  each.missing + each.extra + each.value + each.orphan + each.wrongParent;
const sum = (entities: Entities, of: (each: Entities[string]) => number): number =>
  Object.values(entities).reduce((total, each) => total + of(each), 0);

const SAID = {
  match: 'Match: every key was read on both sides, and nothing differs.',
  mismatch: 'Mismatch: the two sides differ.',
  unknown: 'Unknown: not everything was read.',
} as const;
const READY = {
  ready: 'Ready: the application may be switched to the target.',
  not_ready: 'Not ready.',
  unknown: 'Not ready: something could not be looked at.',
} as const;

function verdict({
  verdict: said,
  cutOver,
  entities: all,
  circumstances: around,
  findings,
  coverage: { complete },
}: JudgeOutput): string {
  const decided = around?.decided.reduce((total, { rows }) => total + rows, 0) ?? 0;
  const conflicts = Object.values(around?.openConflicts ?? {}).reduce((total, rows) => total + rows, 0);
  const aside = around?.setAside.reduce((total, { open: rows }) => total + rows, 0) ?? 0;
  const line = cutOver === undefined ? SAID[said] : READY[cutOver.verdict];
  const good = cutOver === undefined ? said === 'match' : cutOver.verdict === 'ready';
  return [
    `<p class="verdict">${toned(good, line)}</p>\n`,
    ...(cutOver === undefined ? [] : [quiet(SAID[said]), missing(cutOver)]),
    factsHtml([
      ['Rows of the source', whole(sum(all, (each) => each.sourceRows ?? 0))],
      ['Rows of the target', whole(sum(all, (each) => each.targetRows ?? 0))],
      ['Rows that differ', whole(sum(all, differing))],
      ['Of them decided', whole(decided)],
      ['Open conflicts', whole(conflicts)],
      ['Rows set aside', whole(aside)],
      ['Coverage', complete ? 'complete' : 'not complete'],
    ]),
    ...(findings.length === 0
      ? []
      : [
          `<h3 class="bad">Beside the rows</h3>\n<ul class="advice">${findings
            .slice(0, 50)
            .map(({ code, entity, message }) => `<li>${escaped(`${code} ${entity}: ${message}`)}</li>`)
            .join('')}</ul>\n`,
        ]),
  ].join('');
}

/** What is to be done first, for those who read no further. */
function missing({ checks: all }: CutOver): string {
  const wrong = all.filter(({ status }) => status === 'problem' || status === 'unknown');
  const items = wrong.map(
    ({ check, detail, next }) =>
      `<li><strong>${escaped(check)}</strong>: ${sentence(detail)}.${next === null ? '' : ` Next: ${sentence(next)}`}</li>`,
  );
  return items.length === 0 ? '' : `<ul class="advice">${items.join('')}</ul>\n`;
}

const STATE = { ok: 'holds', notice: 'holds; to know', problem: 'does not hold', unknown: 'not known' } as const;

const checks = ({ checks: all }: CutOver): string =>
  tableHtml(
    'What must hold before the switch',
    [{ head: 'Check' }, { head: 'State' }, { head: 'Found', align: 'wrap' }, { head: 'Next', align: 'wrap' }],
    all.map(({ check, status, detail, next }) => [
      escaped(check),
      toned(status === 'ok' || status === 'notice', STATE[status]),
      sentence(detail),
      sentence(status === 'ok' ? '' : (next ?? '')),
    ]),
  );

function entities({ entities: all }: JudgeOutput): string {
  const count = (value: number): string => (value === 0 ? '0' : `<span class="bad">${whole(value)}</span>`);
  return [
    differenceFigure(all),
    tableHtml(
      'Verdict by entity',
      [
        { head: 'Entity' },
        { head: 'Verdict' },
        ...['Source', 'Target', 'Missing', 'Extra', 'Value', 'Orphan', 'Wrong parent'].map((head) => ({
          head,
          align: 'n' as const,
        })),
      ],
      Object.entries(all).map(([entity, each]) => [
        escaped(entity),
        toned(each.verdict === 'match', each.verdict),
        numberOr(each.sourceRows),
        numberOr(each.targetRows),
        ...[each.missing, each.extra, each.value, each.orphan, each.wrongParent].map(count),
      ]),
    ),
  ].join('');
}

/** The rest is folded up. */
const AT_ONCE = 12;

function listed({ entities: all }: JudgeOutput, differences: readonly Difference[], more: boolean): string {
  if (differences.length === 0) return quiet(sum(all, differing) === 0 ? 'None.' : 'They are in data_differentials.');
  const table = (label: string, rows: readonly Difference[]): string =>
    tableHtml(
      label,
      [
        { head: 'Entity' },
        { head: 'Legacy key' },
        { head: 'Kind' },
        { head: 'Columns', align: 'wrap' },
        { head: 'Reason', align: 'wrap' },
      ],
      rows.map(({ entity, legacyId, kind, columns, reason }) =>
        [entity, legacyId, kind.replace('_', ' '), columns.join(', '), reason].map(escaped),
      ),
    );
  const rest = differences.slice(AT_ONCE);
  return [
    table('Rows that differ', differences.slice(0, AT_ONCE)),
    ...(rest.length === 0 ? [] : [detailsHtml(`${whole(rest.length)} more`, table('More rows that differ', rest))]),
    ...(more ? [quiet('And others: the JSON report and data_differentials have all.')] : []),
  ].join('');
}

const WHY: Readonly<Record<Circumstances['decided'][number]['why'], string>> = {
  edited: 'edited in the target, and kept',
  removed: 'deleted in the target, and left so',
  reported: 'deleted in the source, and kept in the target',
  decided: 'a conflict that was settled for the target',
  ignored: 'set aside, and done without',
};

function open({ openConflicts, setAside, decided }: Circumstances): string {
  const table = (label: string, heads: readonly string[], rows: readonly (readonly string[])[]): string =>
    tableHtml(
      label,
      heads.map((head, i) => (i === heads.length - 1 ? { head, align: 'n' } : { head })),
      rows,
    );
  return [
    '<h3>Conflicts that wait for a decision</h3>\n',
    Object.keys(openConflicts).length === 0
      ? quiet('None.')
      : table(
          'Open conflicts',
          ['Entity', 'Rows'],
          Object.entries(openConflicts).map(([entity, rows]) => [escaped(entity), whole(rows)]),
        ),
    '<h3>Rows set aside</h3>\n',
    setAside.length === 0
      ? quiet('None.')
      : table(
          'Rows set aside',
          ['Entity', 'Code', 'Done without', 'Open'],
          setAside.map((each) => [escaped(each.entity), escaped(each.code), whole(each.ignored), whole(each.open)]),
        ),
    '<h3>Differences that were decided</h3>\n',
    decided.length === 0
      ? quiet('None.')
      : table(
          'Decided differences',
          ['Entity', 'Kind', 'Why', 'Rows'],
          decided.map(({ entity, kind, why, rows }) => [
            escaped(entity),
            escaped(kind.replace('_', ' ')),
            WHY[why],
            whole(rows),
          ]),
        ),
  ].join('');
}

const SIGN_OFF: Section = {
  id: 'sign-off',
  title: 'Decision',
  html: `${quiet('For the printed page. The check holds as long as nobody writes to the source: check again where time has passed.')}<dl class="sign">${[
    'Switch, or not',
    'Name',
    'Date and time',
    'Signature',
  ]
    .map((name) => `<div><dt>${name}</dt><dd></dd></div>`)
    .join('')}</dl>\n`,
};
