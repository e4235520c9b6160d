import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJob, JOB_FLAGS, jobFields, jobName, NAME_FLAG } from './job.ts';

export const updateJob = operation({
  program: 'sync-scheduler',
  name: 'update-job',
  purpose: 'Changes a job; its schedule follows, and a run in progress goes on as it began.',
  class: 'schedules',
  input: z
    .strictObject({ command: z.literal('sync-scheduler update-job'), name: jobName, ...jobFields })
    .refine(
      ({ command: _command, name: _name, ...fields }) => Object.values(fields).some((value) => value !== undefined),
      {
        path: ['schedule'],
        message: 'nothing is to be changed: say what, such as --schedule "0 2 * * *"',
      },
    ),
  answer: changedJob,
  exit: () => 0,
  flags: [NAME_FLAG, ...JOB_FLAGS],
  examples: [
    'sync-scheduler update-job --name daily-sync --schedule "0 2 * * *"',
    'sync-scheduler update-job --name daily-sync --timeout 3600000 --batch-size 200',
    'sync-scheduler update-job --name daily-sync --conflict-resolution source_wins',
  ],
});
