import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJobs } from './job.ts';

export const resumeAllJobs = operation({
  program: 'sync-scheduler',
  name: 'resume-all-jobs',
  purpose: 'Resumes every paused job.',
  class: 'schedules',
  input: z.strictObject({ command: z.literal('sync-scheduler resume-all-jobs') }),
  answer: changedJobs,
  exit: () => 0,
  flags: [],
  examples: ['sync-scheduler resume-all-jobs', 'sync-scheduler resume-all-jobs --json'],
});
