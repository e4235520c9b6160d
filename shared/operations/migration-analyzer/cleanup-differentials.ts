import * as z from 'zod';
import { operation } from '../operation.ts';

export const cleanupDifferentialsAnswer = z.strictObject({
  dryRun: z.boolean(),
  resolvedOlderThanDays: z.number(),
  removed: z.int(),
  /** Old enough, and kept because a rollback would open them again. */
  needed: z.int(),
});
export type CleanupDifferentialsAnswer = z.output<typeof cleanupDifferentialsAnswer>;

export const cleanupDifferentials = operation({
  program: 'migration-analyzer',
  name: 'cleanup-differentials',
  purpose: 'Forgets differences that were settled long ago; what a rollback would open again stays.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer cleanup-differentials'),
    resolvedOlderThanDays: z.int().min(0),
    force: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  answer: cleanupDifferentialsAnswer,
  exit: () => 0,
  flags: [
    {
      name: 'resolved-older-than-days',
      kind: 'integer',
      placeholder: 'D',
      help: 'differences that were settled so many days ago',
    },
    { name: 'force', kind: 'switch', help: 'also those that a rollback would open again' },
    { name: 'dry-run', kind: 'switch', help: 'say how many would go; change nothing' },
  ],
  examples: [
    'migration-analyzer cleanup-differentials --resolved-older-than-days 30 --dry-run',
    'migration-analyzer cleanup-differentials --resolved-older-than-days 90',
  ],
});
