/** Whether schedules and jobs are well, and how the runs go, as a person reads it. */
import type { JobPerformanceAnswer } from '../../shared/operations/sync-scheduler/analyze-performance.ts';
import type { HealthCheckAnswer } from '../../shared/operations/sync-scheduler/health-check.ts';
import type { RestartSchedulerAnswer } from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import type { Paint } from '../io.ts';
import { roughly, RUNS, statusText } from './jobs.ts';
import { duration, number, table } from './table.ts';

export function restartText(answer: RestartSchedulerAnswer, paint: Paint): string {
  const { dryRun, created, corrected, removed, unchanged, unreadable } = answer;
  const each = (names: readonly string[], text: (name: string) => string): readonly string[] =>
    names.map((name) => `  ${text(name)}\n`);
  const done = [
    ...each(created, (name) => `${paint('green', 'created')}    ${name}`),
    ...corrected.map(({ name, drift }) => `  ${paint('yellow', 'corrected')}  ${name}: ${drift.join('; ')}\n`),
    ...each(removed, (name) => `${paint('yellow', 'removed')}    ${name}: no job has it`),
    ...unreadable.map(({ name, code, message }) => `  ${paint('red', 'left')}       ${name}: ${code} ${message}\n`),
  ];
  return [
    dryRun ? 'Dry run: nothing was changed. This is what would happen.\n' : '',
    ...done,
    done.length === 0
      ? `Every schedule is as its job wants it (${number(unchanged.length)}).\n`
      : `${number(unchanged.length)} as they should be.\n`,
  ].join('');
}

export function healthText({ jobs, strays, healthy }: HealthCheckAnswer, paint: Paint): string {
  if (jobs.length === 0 && strays.length === 0) return 'No job.\n';
  const rows = table(
    [
      { head: 'Job', text: (job) => job.name },
      { head: 'Status', text: (job) => statusText(job.status, paint) },
      { head: 'Lag', align: 'right', text: (job) => (job.lagSeconds === null ? '-' : roughly(job.lagSeconds)) },
      {
        head: 'Health',
        text: (job) =>
          job.findings.length === 0
            ? paint('green', 'well')
            : paint('red', [...new Set(job.findings.map(({ kind }) => kind))].join(', ')),
      },
    ],
    jobs,
    paint,
  );
  const found = jobs.flatMap(({ name, findings }) =>
    findings.map(({ message, next }) => `${paint('bold', name)}: ${message}\n  next: ${next}\n`),
  );
  const stray = strays.map(
    (name) => `${name}: a schedule of no job\n  next: portage sync-scheduler restart-scheduler\n`,
  );
  return healthy ? rows : `${rows}\n${[...found, ...stray].join('')}`;
}

const FIGURES: Readonly<Record<string, string>> = {
  durationMs: 'duration',
  read: 'rows read',
  written: 'rows written',
  rowsPerSecond: 'rows/s',
  conflicts: 'conflicts',
};

export function performanceText({ jobs, notes }: JobPerformanceAnswer, paint: Paint): string {
  if (jobs.length === 0) return 'No job.\n';
  const pages = jobs.map(({ name, runs, trends }) => {
    if (runs.length === 0) return `${paint('bold', name)}: no run yet\n`;
    const columns = [
      ...RUNS(paint).slice(0, -2),
      { head: 'Rows/s', align: 'right' as const, text: (run: (typeof runs)[number]) => number(run.rowsPerSecond) },
    ];
    const lines = (trends ?? []).map(({ figure, mean, percentPerRun, direction }) => {
      const mid = figure === 'durationMs' ? duration(mean) : number(mean);
      const slope = percentPerRun === null ? '' : `, ${percentPerRun > 0 ? '+' : ''}${percentPerRun} % a run`;
      const word = direction === 'steady' ? direction : paint('yellow', direction);
      return `  ${(FIGURES[figure] ?? figure).padEnd(13)} ${word}, ${mid} on average${slope}\n`;
    });
    return [`${paint('bold', name)}\n`, table(columns, runs, paint), ...lines].join('');
  });
  return [...pages, ...notes.map((note) => `${note}\n`)].join('\n');
}
