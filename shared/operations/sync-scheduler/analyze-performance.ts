import * as z from 'zod';
import { operation } from '../operation.ts';
import { jobName, NAME_FLAG, runView } from './job.ts';

/** How a figure moves from run to run: the slope of a line through all of them, against their mean. */
const trend = z.looseObject({
  figure: z.enum(['durationMs', 'read', 'written', 'rowsPerSecond', 'conflicts']),
  mean: z.number(),
  /** Percent of the mean a run; null where the mean is 0. */
  percentPerRun: z.number().nullable(),
  direction: z.enum(['rising', 'falling', 'steady']),
});

export const jobPerformanceAnswer = z.looseObject({
  jobs: z.array(
    z.looseObject({
      name: z.string(),
      /** Newest first. */
      runs: z.array(runView.extend({ rowsPerSecond: z.number().nullable() })),
      /** With --show-trends; fewer than five ended runs show none. */
      trends: z.array(trend).optional(),
    }),
  ),
  notes: z.array(z.string()),
});
export type JobPerformanceAnswer = z.output<typeof jobPerformanceAnswer>;

export const analyzePerformance = operation({
  program: 'sync-scheduler',
  name: 'analyze-performance',
  purpose: 'Duration, rows, rate and conflicts of the last runs of each job, and how they move from run to run.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('sync-scheduler analyze-performance'),
    name: jobName.optional(),
    lastRuns: z.int().min(1).max(500).default(20),
    showTrends: z.boolean().default(false),
  }),
  answer: jobPerformanceAnswer,
  exit: () => 0,
  flags: [
    { ...NAME_FLAG, help: 'only this job' },
    { name: 'last-runs', kind: 'integer', placeholder: 'N', help: 'so many runs of each job (20), at most 500' },
    { name: 'show-trends', kind: 'switch', help: 'a line through them: what rises and what falls' },
  ],
  examples: [
    'sync-scheduler analyze-performance --last-runs 50 --show-trends',
    'sync-scheduler analyze-performance --name daily-sync --json',
  ],
});
