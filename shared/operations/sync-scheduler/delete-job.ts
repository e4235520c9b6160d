import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJob, jobName, NAME_FLAG } from './job.ts';

export const deleteJob = operation({
  program: 'sync-scheduler',
  name: 'delete-job',
  purpose:
    'Removes a job with its schedule and the list of its runs; what the runs wrote stays, and can be rolled back.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler delete-job'), name: jobName }),
  answer: changedJob,
  exit: () => 0,
  flags: [NAME_FLAG],
  examples: ['sync-scheduler delete-job --name daily-sync', 'sync-scheduler delete-job --name daily-sync --json'],
});
