import * as z from 'zod';
import { operation } from '../operation.ts';
import { jobName, NAME_FLAG } from './job.ts';

export const healthCheckAnswer = z.looseObject({
  healthy: z.boolean(),
  jobs: z.array(
    z.looseObject({
      name: z.string(),
      status: z.string(),
      lagSeconds: z.number().nullable(),
      findings: z.array(
        z.looseObject({
          kind: z.enum(['overdue', 'failing', 'stuck', 'drifted', 'lagging', 'unreadable']),
          message: z.string(),
          next: z.string(),
        }),
      ),
    }),
  ),
  /** Schedules of no job. */
  strays: z.array(z.string()),
});
export type HealthCheckAnswer = z.output<typeof healthCheckAnswer>;

export const healthCheck = operation({
  program: 'sync-scheduler',
  name: 'health-check',
  purpose: 'Finds jobs that are overdue, failing, stuck, drifted from their schedule, or lag beyond the limit.',
  class: 'schedules',
  input: z.strictObject({
    command: z.literal('sync-scheduler health-check'),
    allJobs: z.boolean().default(false),
    name: jobName.optional(),
  }),
  answer: healthCheckAnswer,
  finds: 'a job is overdue, failing, stuck, behind, or drifted from its schedule',
  exit: ({ healthy }) => (healthy ? 0 : 1),
  flags: [
    { name: 'all-jobs', kind: 'switch', contradicts: ['name'], help: 'every job (the default)' },
    { ...NAME_FLAG, help: 'only this job' },
  ],
  examples: ['sync-scheduler health-check --all-jobs', 'sync-scheduler health-check --name daily-sync --json'],
});
