import * as z from 'zod';
import { operation } from '../operation.ts';

export const restartSchedulerAnswer = z.looseObject({
  dryRun: z.boolean(),
  created: z.array(z.string()),
  corrected: z.array(z.looseObject({ name: z.string(), drift: z.array(z.string()) })),
  /** Schedules of no job. */
  removed: z.array(z.string()),
  /** As they should be. */
  unchanged: z.array(z.string()),
  /** Jobs whose schedule in the ledger cannot be read: left alone. */
  unreadable: z.array(z.looseObject({ name: z.string(), code: z.string(), message: z.string() })),
});
export type RestartSchedulerAnswer = z.output<typeof restartSchedulerAnswer>;

export const restartScheduler = operation({
  program: 'sync-scheduler',
  name: 'restart-scheduler',
  purpose: 'Makes the real schedules equal the jobs: creates, corrects, removes, and says what it did.',
  class: 'schedules',
  input: z.strictObject({
    command: z.literal('sync-scheduler restart-scheduler'),
    dryRun: z.boolean().default(false),
  }),
  answer: restartSchedulerAnswer,
  finds: 'a job cannot be read, and so has no schedule',
  exit: ({ unreadable }) => (unreadable.length > 0 ? 1 : 0),
  flags: [{ name: 'dry-run', kind: 'switch', help: 'say what would be done; change nothing' }],
  examples: ['sync-scheduler restart-scheduler', 'sync-scheduler restart-scheduler --dry-run --json'],
});
