import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJobs } from './job.ts';

export const pauseAllJobs = operation({
  program: 'sync-scheduler',
  name: 'pause-all-jobs',
  purpose: 'Pauses every job: no schedule fires until they are resumed, and runs in progress end normally.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler pause-all-jobs') }),
  answer: changedJobs,
  exit: () => 0,
  flags: [],
  examples: ['sync-scheduler pause-all-jobs', 'sync-scheduler pause-all-jobs --json'],
});
