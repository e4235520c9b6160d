import * as z from 'zod';
import { operation } from '../operation.ts';
import { jobName, jobView, NAME_FLAG, runView } from './job.ts';

export const jobStatusAnswer = z.looseObject({
  job: jobView,
  lagSeconds: z.number().nullable(),
  /** The schedule as it was found with whoever fires it. */
  schedule: z.looseObject({
    found: z.boolean(),
    /** How it differs from what the job wants; nothing where they agree. */
    drift: z.array(z.string()),
  }),
  lastRun: runView.nullable(),
  /** With --detailed: the last ten, newest first. */
  runs: z.array(runView.extend({ detection: z.unknown(), summary: z.unknown() })).optional(),
  /** With --show-config: what a run would work with. */
  config: z
    .looseObject({
      entities: z.array(
        z.looseObject({
          entity: z.string(),
          conflicts: z.string(),
          deletes: z.string(),
          updatedAt: z.string().nullable(),
        }),
      ),
      concurrentJobs: z.number().nullable(),
      lagLimitSeconds: z.number().nullable(),
      deleteThresholdPercent: z.number().nullable(),
    })
    .optional(),
  notes: z.array(z.string()),
});
export type JobStatusAnswer = z.output<typeof jobStatusAnswer>;

export const jobStatus = operation({
  program: 'sync-scheduler',
  name: 'job-status',
  purpose: 'Shows one job: its schedule and whether that is really there, last and next run, errors.',
  class: 'schedules',
  input: z.strictObject({
    command: z.literal('sync-scheduler job-status'),
    name: jobName,
    detailed: z.boolean().default(false),
    showConfig: z.boolean().default(false),
  }),
  answer: jobStatusAnswer,
  exit: () => 0,
  flags: [
    NAME_FLAG,
    { name: 'detailed', kind: 'switch', help: 'its last ten runs too' },
    { name: 'show-config', kind: 'switch', help: 'what its runs work with: entities, strategies, limits' },
  ],
  examples: [
    'sync-scheduler job-status --name daily-sync',
    'sync-scheduler job-status --name daily-sync --detailed',
    'sync-scheduler job-status --name daily-sync --show-config --json',
  ],
});
