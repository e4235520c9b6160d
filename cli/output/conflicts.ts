/** Conflicts as a person reads them: what is open, what a strategy would do, what was settled. */
import type { FinishResolutionOutput, TestStrategyAnswer } from '../../shared/contracts/resolution.ts';
import type { AnalyzeConflictsAnswer } from '../../shared/operations/conflict-resolver/analyze-conflicts.ts';
import type { ConflictStatusAnswer } from '../../shared/operations/conflict-resolver/status.ts';
import type { ResolveAnswer } from '../../shared/operations/conflict-resolver/resolve.ts';
import type { Paint } from '../io.ts';
import { number, rowsOf, table } from './table.ts';

/** A long list is for a program: `--json` has all of it. */
const SHOWN = 20;

export function conflictStatusText({ conflicts, open }: ConflictStatusAnswer, paint: Paint): string {
  if (conflicts.length === 0) return 'No differences are recorded.\n';
  const counts = table(
    [
      { head: 'Entity', text: (row) => row.entity },
      { head: 'Kind', text: (row) => row.kind },
      {
        head: 'Open',
        align: 'right',
        text: (row) => (row.open > 0 && row.kind === 'conflict' ? paint('yellow', number(row.open)) : number(row.open)),
      },
      { head: 'Resolved', align: 'right', text: (row) => number(row.resolved) },
      { head: 'Today', align: 'right', text: (row) => number(row.ages.day) },
      { head: 'This week', align: 'right', text: (row) => number(row.ages.week) },
      { head: 'Older', align: 'right', text: (row) => number(row.ages.older) },
      { head: 'Oldest', text: (row) => row.oldest ?? '-' },
    ],
    conflicts,
    paint,
  );
  return open.length === 0 ? counts : `${counts}\n${openText(open, paint)}`;
}

function openText(open: FinishResolutionOutput['unresolved'], paint: Paint): string {
  const rows = table(
    [
      { head: 'Id', text: (row) => row.conflictId },
      { head: 'Entity', text: (row) => row.entity },
      { head: 'Key', text: (row) => row.legacyId },
      { head: 'Kind', text: (row) => row.kind },
      { head: 'Reason', text: (row) => row.reason },
    ],
    open.slice(0, SHOWN),
    paint,
  );
  return open.length > SHOWN ? `${rows}and ${open.length - SHOWN} more: --json has them.\n` : rows;
}

export function triedText(answer: TestStrategyAnswer, paint: Paint): string {
  const lines = Object.entries(answer.entities).map(
    ([entity, { open, settled, undecided, moved, gone, unreadable }]) => {
      const rules = Object.entries(settled).map(([rule, count]) => `${number(count)} by ${rule}`);
      const rest = [
        ...(undecided > 0 ? [`${number(undecided)} stay open (S005)`] : []),
        ...(moved > 0 ? [`${number(moved)} changed again since they were recorded`] : []),
        ...(gone > 0 ? [`${number(gone)} differ no more`] : []),
        ...(unreadable > 0
          ? [`${number(unreadable)} cannot be read from the source (migration-analyzer validate-source says why)`]
          : []),
      ];
      return `${entity}: ${rowsOf(open)}${open === 0 ? '' : `: ${[...rules, ...rest].join(', ')}`}\n`;
    },
  );
  const columns = answer.conflicts.flatMap(({ entity, legacyId, rule, columns: each }) =>
    each.map((column) => ({ entity, legacyId, rule, ...column })),
  );
  const shown = table(
    [
      { head: 'Entity', text: (row) => row.entity },
      { head: 'Key', text: (row) => row.legacyId },
      { head: 'Column', text: (row) => row.column },
      { head: 'Source', text: (row) => row.source ?? 'NULL' },
      { head: 'Target', text: (row) => row.target ?? 'NULL' },
      { head: 'Result', text: (row) => (row.rule === null ? '-' : (row.result ?? 'NULL')) },
      { head: 'Rule', text: (row) => row.rule ?? 'nobody decides' },
    ],
    columns.slice(0, SHOWN),
    paint,
  );
  return [
    `${paint('bold', `${answer.strategy}: nothing was changed. This is what would happen.`)}\n`,
    lines.join(''),
    ...(columns.length === 0 ? [] : [shown]),
  ].join('\n');
}

export function resolutionText(answer: FinishResolutionOutput, paint: Paint): string {
  const label = answer.batchId === null ? '' : ` (${answer.batchId})`;
  const settled = Object.entries(answer.settled).map(([rule, count]) => `${rowsOf(count)} settled by ${rule}.\n`);
  return [
    `${paint('bold', `${answer.operationId}${label}: ${answer.status.replaceAll('_', ' ')}`)}\n`,
    settled.length === 0 ? 'Nothing was settled.\n' : settled.join(''),
    ...answer.notes.map((note) => `${note}\n`),
    ...(answer.unresolved.length === 0
      ? []
      : [
          `${paint('yellow', `${rowsOf(answer.unresolved.length)} stay open (S005):`)}\n${openText(answer.unresolved, paint)}`,
        ]),
  ].join('\n');
}

export const resolveText = (answer: ResolveAnswer, paint: Paint): string =>
  'dryRun' in answer ? triedText(answer, paint) : resolutionText(answer, paint);

export function patternsText({ lastDays, entities }: AnalyzeConflictsAnswer, paint: Paint): string {
  const parts = Object.entries(entities).map(([entity, found]) => {
    const counted = (head: string, list: readonly { readonly name: string; readonly rows: number }[]): string =>
      list.length === 0 ? '' : `  ${head}: ${list.map(({ name, rows }) => `${name} ${number(rows)}`).join(', ')}\n`;
    const strategies = Object.entries(found.strategies).map(
      ([name, { settled, open }]) =>
        `  ${name} would settle ${number(Object.values(settled).reduce((sum, count) => sum + count, 0))} of ${number(open)}\n`,
    );
    return [
      `${paint('bold', `${entity}: ${rowsOf(found.total)} in ${lastDays} days, ${number(found.open)} open`)}\n`,
      counted('by kind', found.byKind),
      counted('what happened', found.byReason),
      counted('by column', found.byColumn),
      counted(
        'by hour (UTC)',
        found.byHour.map(({ hour, rows }) => ({ name: `${hour}h`, rows })),
      ),
      counted('settled by', found.byRule),
      ...(found.open > 0 ? strategies : []),
    ].join('');
  });
  return parts.join('\n');
}
