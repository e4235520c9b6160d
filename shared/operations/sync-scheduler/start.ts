import * as z from 'zod';
import { operation } from '../operation.ts';

export const startAnswer = z.looseObject({
  /** Whether somebody fires the jobs, and who. */
  scheduler: z.enum(['eventbridge', 'local']),
  jobs: z.number(),
  message: z.string(),
});

export const start = operation({
  program: 'sync-scheduler',
  name: 'start',
  purpose: 'Fires the jobs of this machine in the foreground, until Ctrl-C; deployed, EventBridge Scheduler does it.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler start') }),
  answer: startAnswer,
  exit: () => 0,
  flags: [
    {
      name: 'duration',
      kind: 'integer',
      placeholder: 'S',
      cliOnly: true,
      help: 'end after so many seconds, when the runs in progress have ended',
    },
  ],
  examples: ['sync-scheduler start', 'sync-scheduler start --duration 3600 --json'],
});
