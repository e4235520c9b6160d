import * as z from 'zod';
import { operation } from '../operation.ts';
import { jobView, runView } from './job.ts';

/** SEMANTICS 35. */
const JOB_STATUSES = ['scheduled', 'running', 'paused', 'failed'] as const;

export const listJobsAnswer = z.looseObject({
  jobs: z.array(
    jobView.extend({
      lastRun: runView.nullable(),
      /** Since the last run began that came to its end: so old the target may be. Null: there was none yet. */
      lagSeconds: z.number().nullable(),
    }),
  ),
});
export type ListJobsAnswer = z.output<typeof listJobsAnswer>;

export const listJobs = operation({
  program: 'sync-scheduler',
  name: 'list-jobs',
  purpose: 'Lists the jobs with their last and next run, and how far the target may lag behind.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('sync-scheduler list-jobs'),
    status: z.enum(JOB_STATUSES).optional(),
  }),
  answer: listJobsAnswer,
  exit: () => 0,
  flags: [{ name: 'status', kind: 'text', placeholder: 'STATUS', help: `one of ${JOB_STATUSES.join(', ')}` }],
  examples: [
    'sync-scheduler list-jobs',
    'sync-scheduler list-jobs --status running',
    'sync-scheduler list-jobs --json',
  ],
});
