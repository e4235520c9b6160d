import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJob, jobName, NAME_FLAG } from './job.ts';

export const pauseJob = operation({
  program: 'sync-scheduler',
  name: 'pause-job',
  purpose: 'Keeps a job from being started by its schedule; a run in progress ends normally.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler pause-job'), name: jobName }),
  answer: changedJob,
  exit: () => 0,
  flags: [NAME_FLAG],
  examples: ['sync-scheduler pause-job --name daily-sync', 'sync-scheduler pause-job --name daily-sync --json'],
});
