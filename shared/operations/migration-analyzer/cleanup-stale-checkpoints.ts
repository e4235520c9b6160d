import * as z from 'zod';
import { operation } from '../operation.ts';

export const cleanupStaleAnswer = z.strictObject({
  dryRun: z.boolean(),
  olderThanHours: z.number(),
  /** Operations whose workers gave no sign of life: failed now, and resumable. */
  operations: z.array(
    z.strictObject({
      operationId: z.string(),
      entities: z.array(z.string()),
      /** Since the last sign of life. */
      hours: z.number(),
      after: z.string(),
    }),
  ),
});
export type CleanupStaleAnswer = z.output<typeof cleanupStaleAnswer>;

export const cleanupStaleCheckpoints = operation({
  program: 'migration-analyzer',
  name: 'cleanup-stale-checkpoints',
  purpose: 'Makes operations failed and resumable whose workers have given no sign of life for hours.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer cleanup-stale-checkpoints'),
    olderThanHours: z.number().min(0),
    dryRun: z.boolean().default(false),
  }),
  answer: cleanupStaleAnswer,
  exit: () => 0,
  flags: [
    { name: 'older-than-hours', kind: 'integer', placeholder: 'H', help: 'without a sign of life for so many hours' },
    { name: 'dry-run', kind: 'switch', help: 'say which; change nothing' },
  ],
  examples: [
    'migration-analyzer cleanup-stale-checkpoints --older-than-hours 24 --dry-run',
    'migration-analyzer cleanup-stale-checkpoints --older-than-hours 2',
  ],
});
