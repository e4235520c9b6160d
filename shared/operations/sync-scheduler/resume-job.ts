import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJob, jobName, NAME_FLAG } from './job.ts';

export const resumeJob = operation({
  program: 'sync-scheduler',
  name: 'resume-job',
  purpose: 'Lets a paused job be started by its schedule again, from its next time on.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler resume-job'), name: jobName }),
  answer: changedJob,
  exit: () => 0,
  flags: [NAME_FLAG],
  examples: ['sync-scheduler resume-job --name daily-sync', 'sync-scheduler resume-job --name daily-sync --json'],
});
