/** What was cleaned up, for a person. */
import type { CleanupCheckpointsAnswer } from '../../shared/operations/migration-analyzer/cleanup-checkpoints.ts';
import type { CleanupDifferentialsAnswer } from '../../shared/operations/migration-analyzer/cleanup-differentials.ts';
import type { CleanupStaleAnswer } from '../../shared/operations/migration-analyzer/cleanup-stale-checkpoints.ts';
import type { Paint } from '../io.ts';
import { number, table } from './table.ts';

const DRY = 'Dry run: nothing was changed. This is what would happen.\n';
const some = (count: number, one: string, many: string): string => `${number(count)} ${count === 1 ? one : many}`;

export function cleanupCheckpointsText(answer: CleanupCheckpointsAnswer, paint: Paint): string {
  const { dryRun, removed, needed, notUndoable, undoRetentionDays } = answer;
  return [
    dryRun ? DRY : '',
    `${some(removed, 'checkpoint', 'checkpoints')} ${dryRun ? 'would go' : 'removed'}.\n`,
    needed === 0
      ? ''
      : `${some(needed, 'is', 'are')} old enough and kept: a rollback needs ${needed === 1 ? 'it' : 'them'} (--force removes them all the same).\n`,
    notUndoable.length === 0
      ? `No operation ended more than ${number(undoRetentionDays)} days ago and can still be taken back.\n`
      : `${paint('bold', dryRun ? 'Could not be taken back any more:' : 'Cannot be taken back any more:')}\n`,
    notUndoable.length === 0
      ? ''
      : table(
          [
            { head: 'Operation', text: (row) => row.operationId },
            { head: 'Ended', text: (row) => row.endedAt },
            { head: 'Undo entries', align: 'right', text: (row) => number(row.entries) },
          ],
          notUndoable,
          paint,
        ),
  ].join('');
}

export function cleanupStaleText({ dryRun, operations }: CleanupStaleAnswer, paint: Paint): string {
  if (operations.length === 0) return 'No operation is without a sign of life for so long.\n';
  return [
    dryRun ? DRY : '',
    table(
      [
        { head: 'Operation', text: (row) => row.operationId },
        { head: 'Without a sign of life', align: 'right', text: (row) => `${row.hours} h` },
        { head: 'In hand', text: (row) => row.entities.join(', ') || '-' },
        { head: 'Now', text: (row) => (dryRun ? `would be ${row.after}` : row.after) },
      ],
      operations,
      paint,
    ),
    dryRun ? '' : 'Continue with: npx portage differential-migration resume --entity all\n',
  ].join('');
}

export const cleanupDifferentialsText = ({ dryRun, removed, needed }: CleanupDifferentialsAnswer): string =>
  [
    dryRun ? DRY : '',
    `${some(removed, 'settled difference', 'settled differences')} ${dryRun ? 'would go' : 'removed'}.\n`,
    needed === 0
      ? ''
      : `${some(needed, 'is', 'are')} old enough and kept: a rollback would open ${needed === 1 ? 'it' : 'them'} again (--force removes them all the same).\n`,
  ].join('');
