/** The answers of commands that settle checkpoints and stop operations. */
import type * as z from 'zod';
import type {
  CompleteCheckpointAnswer,
  keyProof,
} from '../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import type { ForceCompleteCheckpointAnswer } from '../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import type { ResetCheckpointAnswer } from '../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import type { StopAllOperationsAnswer } from '../../shared/operations/migration-analyzer/stop-all-operations.ts';
import type { Paint } from '../io.ts';
import { number, table } from './table.ts';

const DRY = 'Dry run: nothing was changed. This is what would happen.\n';

export function resetText({ dryRun, checkpoints }: ResetCheckpointAnswer, paint: Paint): string {
  if (checkpoints.length === 0) return 'There is no checkpoint to clear.\n';
  const names = [...new Set(checkpoints.map(({ entity }) => entity))].join(',');
  return [
    dryRun ? DRY : '',
    table(
      [
        { head: 'Entity', text: (row) => row.entity },
        { head: 'Was', text: (row) => row.before },
        { head: 'Owner', text: (row) => (row.fencedOff ? `${row.owner}, alive: shut out` : row.owner) },
        { head: 'Operation', text: (row) => row.operationId },
      ],
      checkpoints,
      paint,
    ),
    dryRun ? '' : `Cleared. Start a new run with: npx portage differential-migration migrate --entities ${names}\n`,
  ].join('');
}

const some = (keys: readonly string[], all: number): string => `${keys.join(', ')}${all > keys.length ? ', ...' : ''}`;

/** What is not simply mapped, a line a kind. */
function proofLines({ counts, named, pendingReferences }: z.output<typeof keyProof>): readonly string[] {
  const line = (kind: keyof typeof named, text: string): readonly string[] =>
    counts[kind] === 0 ? [] : [`  ${number(counts[kind])} ${text}: ${some(named[kind], counts[kind])}\n`];
  return [
    ...line('missing', 'not in the target'),
    ...line('withoutBase', 'mapped, but never carried'),
    ...line('setAside', 'set aside'),
    ...line('parked', 'parked'),
    ...line('recorded', 'recorded as a difference'),
    ...(pendingReferences === 0 ? [] : [`  ${number(pendingReferences)} references wait for their parents\n`]),
  ];
}

export function completeText({ checkpoints }: CompleteCheckpointAnswer, paint: Paint): string {
  return checkpoints
    .flatMap(({ entity, before, after, proof }) => {
      if (proof === null) return [`${entity}: ${after}, there is nothing to complete.\n`];
      const keys = `${number(proof.sourceKeys)} keys in the source, ${number(proof.counts.mapped)} mapped`;
      const title = proof.proved
        ? paint('green', `${entity}: ${before} -> ${after}.`)
        : paint('red', `${entity}: not complete, stays ${after}.`);
      return [
        `${title} ${keys}. Values were not compared.\n`,
        ...proofLines(proof),
        ...(proof.proved ? [] : [`  Carry them: npx portage differential-migration resume --entity ${entity}\n`]),
      ];
    })
    .join('');
}

export function forceCompleteText(answer: ForceCompleteCheckpointAnswer): string {
  const { entity, before, after, dryRun, unverified } = answer;
  if (before === after) return `${entity}: ${after}, there is nothing to complete.\n`;
  const ranges = unverified.map(({ from, to }) => `  (${from ?? 'the first key'}, ${to ?? 'the last key'}]\n`);
  const left =
    ranges.length === 0
      ? ['Every range of its plan was worked through; nobody has proved what became of the rows.\n']
      : ['Keys that no batch has covered:\n', ...ranges];
  return [dryRun ? DRY : '', `${entity}: ${before} -> ${after}.\n`, ...left].join('');
}

export function stopText({ dryRun, hold, operations, notes }: StopAllOperationsAnswer, paint: Paint): string {
  const rows =
    operations.length === 0
      ? 'No operation is running.\n'
      : table(
          [
            { head: 'Operation', text: (row) => row.operationId },
            { head: 'Status', text: (row) => row.status },
            { head: 'Ended by', text: (row) => (dryRun ? '-' : row.fencedOff ? 'this command' : 'its worker') },
            { head: 'In hand', text: (row) => row.entities.join(', ') || '-' },
          ],
          operations,
          paint,
        );
  return [
    dryRun ? DRY : '',
    rows,
    ...notes.map((note) => `${note}\n`),
    hold === null ? '' : `Operations are held since ${hold}.\n`,
    dryRun || (operations.length === 0 && hold === null)
      ? ''
      : 'Continue with: npx portage migration-analyzer resume-all\n',
  ].join('');
}
