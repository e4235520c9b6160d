import * as z from 'zod';
import { operation } from '../operation.ts';

export const cleanupCheckpointsAnswer = z.strictObject({
  dryRun: z.boolean(),
  olderThanDays: z.number(),
  /** Days for which an operation can be taken back. */
  undoRetentionDays: z.number(),
  /** How many checkpoints went, with their batches. */
  removed: z.int(),
  /** The first of them. */
  checkpoints: z.array(
    z.strictObject({
      id: z.string(),
      entity: z.string(),
      operationId: z.string(),
      status: z.string(),
      updatedAt: z.string(),
    }),
  ),
  /** Old enough, and kept because a rollback still needs them. */
  needed: z.int(),
  /** Operations that cannot be taken back any more. */
  notUndoable: z.array(
    z.strictObject({ operationId: z.string(), endedAt: z.string(), entries: z.int(), early: z.boolean() }),
  ),
});
export type CleanupCheckpointsAnswer = z.output<typeof cleanupCheckpointsAnswer>;

export const cleanupCheckpoints = operation({
  program: 'migration-analyzer',
  name: 'cleanup-checkpoints',
  purpose: 'Forgets old finished checkpoints, and undo entries past their retention; what a rollback needs stays.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer cleanup-checkpoints'),
    olderThanDays: z.int().min(0),
    force: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  answer: cleanupCheckpointsAnswer,
  exit: () => 0,
  flags: [
    { name: 'older-than-days', kind: 'integer', placeholder: 'D', help: 'checkpoints that ended so many days ago' },
    {
      name: 'force',
      kind: 'switch',
      help: 'also what a rollback still needs: those operations cannot be taken back any more',
    },
    { name: 'dry-run', kind: 'switch', help: 'say what would go; change nothing' },
  ],
  examples: [
    'migration-analyzer cleanup-checkpoints --older-than-days 30 --dry-run',
    'migration-analyzer cleanup-checkpoints --older-than-days 90',
  ],
});
