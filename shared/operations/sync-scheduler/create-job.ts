import * as z from 'zod';
import { operation } from '../operation.ts';
import { changedJob, JOB_FLAGS, jobFields, jobName, NAME_FLAG } from './job.ts';

export const createJob = operation({
  program: 'sync-scheduler',
  name: 'create-job',
  purpose: 'Creates a synchronization job, and the schedule that starts it.',
  class: 'schedules',
  input: z.strictObject({
    command: z.literal('sync-scheduler create-job'),
    name: jobName,
    ...jobFields,
    entities: jobFields.entities.default('all'),
    schedule: z.string(),
    timezone: z.string().default('UTC'),
    mode: jobFields.mode.default('differential'),
  }),
  answer: changedJob,
  exit: () => 0,
  flags: [NAME_FLAG, ...JOB_FLAGS],
  examples: [
    'sync-scheduler create-job --name daily-sync --entities all --schedule "0 2 * * *" --timezone Europe/Berlin',
    'sync-scheduler create-job --name orders-only-sync --entities orders --schedule daily',
    'sync-scheduler create-job --name close --schedule "rate(15 minutes)" --conflict-resolution "merge_fields then source_wins" --timeout 600000',
  ],
});
