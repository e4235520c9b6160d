/**
 * What is done regularly, without anybody asking: the guide's health checks, reports and clean-ups. Deployed, a schedule
 * starts each (infra/constructs/maintenance.ts); on a person's machine `npm run maintenance -- daily` does, from cron.
 */
export const PERIODS = ['often', 'daily', 'weekly', 'monthly'] as const;
export type Period = (typeof PERIODS)[number];

interface Duty {
  /** As a name and in the console. */
  readonly name: string;
  readonly purpose: string;
  readonly period: Period;
  /** The execution's input. */
  readonly input: { readonly command: string } & Readonly<Record<string, unknown>>;
  /** A field of the input that names a file, and what the file is called. */
  readonly file?: { readonly field: string; readonly name: string };
}

export const DUTIES: readonly Duty[] = [
  {
    name: 'system-health',
    purpose: 'Looks whether anything is wrong, and raises the alarm',
    period: 'often',
    input: { command: 'migration-analyzer system-health', alertOnIssues: true },
  },
  {
    name: 'job-health',
    purpose: 'Looks for jobs that are overdue, failing, stuck or adrift',
    period: 'often',
    input: { command: 'sync-scheduler health-check', allJobs: true },
  },
  {
    name: 'stale-checkpoints',
    purpose: 'Makes checkpoints of dead owners resumable',
    period: 'daily',
    input: { command: 'migration-analyzer cleanup-stale-checkpoints', olderThanHours: 24 },
  },
  {
    name: 'sampled-validation',
    purpose: 'Compares a sample of every entity',
    period: 'daily',
    input: { command: 'data-validator validate', entities: 'all', type: 'data_integrity', quick: true },
  },
  {
    name: 'performance-report',
    purpose: 'Writes the report of the last seven days',
    period: 'weekly',
    input: { command: 'migration-analyzer generate-performance-report', lastDays: 7 },
    file: { field: 'output', name: 'weekly-report.html' },
  },
  {
    name: 'job-trends',
    purpose: 'Looks at the trend of the last fifty runs of every job',
    period: 'weekly',
    input: { command: 'sync-scheduler analyze-performance', lastRuns: 50, showTrends: true },
  },
  {
    name: 'old-checkpoints',
    purpose: 'Removes finished checkpoints that nothing needs any more',
    period: 'monthly',
    input: { command: 'migration-analyzer cleanup-checkpoints', olderThanDays: 30 },
  },
  {
    name: 'old-differentials',
    purpose: 'Removes differentials that were settled',
    period: 'monthly',
    input: { command: 'migration-analyzer cleanup-differentials', resolvedOlderThanDays: 7 },
  },
];
