/** Synchronization jobs as a person reads them: a line each, or one of them on a page. */
import { wallTime } from '../../shared/domain/schedule/timezone.ts';
import type { ChangedJob, ChangedJobs, JobView, RunView } from '../../shared/operations/sync-scheduler/job.ts';
import type { JobStatusAnswer } from '../../shared/operations/sync-scheduler/job-status.ts';
import type { ListJobsAnswer } from '../../shared/operations/sync-scheduler/list-jobs.ts';
import type { Paint } from '../io.ts';
import { duration, number, table, type Column } from './table.ts';

const COLOURS: Readonly<Record<string, Parameters<Paint>[0]>> = {
  running: 'green',
  paused: 'yellow',
  failed: 'red',
  stopped: 'yellow',
};

/** A status of a job or of a run, in words. */
export const statusText = (status: string, paint: Paint): string => {
  const colour = COLOURS[status];
  const words = status.replaceAll('_', ' ');
  return colour === undefined ? words : paint(colour, words);
};

/** 40 s, 12 min, 5 h, 3 days: how long ago, or until. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

const ago = (instant: string, now: Date): string =>
  `${roughly(Math.max(0, (now.getTime() - Date.parse(instant)) / 1000))} ago`;

/** As the clock on the wall of the job's zone shows it: `2026-11-26 02:00`. */
const onTheWall = (instant: string, timezone: string): string =>
  new Date(wallTime(new Date(instant), timezone).epoch).toISOString().slice(0, 16).replace('T', ' ');

function nextText({ nextRunAt, paused, timezone }: JobView, now: Date): string {
  if (paused || nextRunAt === null) return '-';
  const seconds = (Date.parse(nextRunAt) - now.getTime()) / 1000;
  return `${onTheWall(nextRunAt, timezone)} (${seconds < 0 ? `${roughly(-seconds)} late` : `in ${roughly(seconds)}`})`;
}

const statusOf = ({ status, paused }: JobView, paint: Paint): string =>
  status === 'running' && paused
    ? `${statusText(status, paint)}, then ${statusText('paused', paint)}`
    : statusText(status, paint);

const scheduleText = ({ schedule, timezone }: JobView): string =>
  schedule.startsWith('rate') || timezone === 'UTC' ? schedule : `${schedule} ${timezone}`;

const entitiesText = ({ entities }: JobView): string =>
  entities.length <= 3 ? entities.join(', ') : `${entities.slice(0, 2).join(', ')} and ${entities.length - 2} more`;

export function jobsText({ jobs }: ListJobsAnswer, paint: Paint, now = new Date()): string {
  if (jobs.length === 0)
    return 'No job. Create one: npx portage sync-scheduler create-job --name NAME --schedule daily\n';
  const maps = new Set(jobs.map(({ map }) => map));
  const columns: Column<ListJobsAnswer['jobs'][number]>[] = [
    { head: 'Job', text: (job) => job.name },
    ...(maps.size > 1 ? [{ head: 'Map', text: (job: JobView) => job.map }] : []),
    { head: 'Status', text: (job) => statusOf(job, paint) },
    { head: 'Schedule', text: scheduleText },
    { head: 'Entities', text: entitiesText },
    {
      head: 'Last run',
      text: ({ lastRun }) =>
        lastRun === null ? '-' : `${statusText(lastRun.status, paint)}, ${ago(lastRun.startedAt, now)}`,
    },
    { head: 'Read', align: 'right', text: ({ lastRun }) => number(lastRun?.read ?? null) },
    { head: 'Written', align: 'right', text: ({ lastRun }) => number(lastRun?.written ?? null) },
    { head: 'Next run', text: (job) => nextText(job, now) },
    { head: 'Lag', align: 'right', text: ({ lagSeconds }) => (lagSeconds === null ? '-' : roughly(lagSeconds)) },
  ];
  const errors = jobs.flatMap(({ name, lastError }) =>
    lastError === null ? [] : [`${paint('red', name)}: ${lastError}\n`],
  );
  return [table(columns, jobs, paint), ...(errors.length === 0 ? [] : ['\n', ...errors])].join('');
}

const line = (label: string, text: string): string => `  ${label.padEnd(10)} ${text}\n`;

const runLine = (run: RunView, now: Date, paint: Paint): string =>
  `${statusText(run.status, paint)}, ${ago(run.startedAt, now)}, ${duration(run.durationMs)}: ${number(run.read)} read, ${number(run.written)} written, ` +
  `${number(run.conflicts)} conflicts, ${number(run.setAside)} set aside${run.scheduledTime === null ? ', by hand' : ''}`;

const jobLines = (job: JobView, now: Date): readonly string[] => [
  line(
    'schedule',
    `${job.schedule}${job.schedule.startsWith('rate') ? '' : ` in ${job.timezone}`}${job.expression === null || job.expression === job.schedule ? '' : `: ${job.expression}`}`,
  ),
  line('next run', nextText(job, now)),
  line('entities', job.entities.join(', ')),
  line('conflicts', job.conflictResolution ?? 'as the map says of each entity'),
  line(
    'mode',
    `${job.mode}, ${job.fullEveryHours === 0 ? 'always in full' : `in full every ${job.fullEveryHours} h`}; overlap: ${job.overlap}`,
  ),
  line(
    'limits',
    `batch size ${job.batchSize === null ? 'by default' : number(job.batchSize)}, timeout ${job.timeoutMs === null ? 'none' : duration(job.timeoutMs)}`,
  ),
];

export function changedJobText({ job, changed, notes }: ChangedJob, paint: Paint, now = new Date()): string {
  return [
    `${paint('bold', job.name)}  ${statusOf(job, paint)}${changed ? '' : ', unchanged'}\n`,
    ...jobLines(job, now),
    ...notes.map((note) => line('note', note)),
  ].join('');
}

export const deletedJobText = ({ job }: ChangedJob): string =>
  `${job.name} is deleted, with its schedule and the list of its runs. What the runs wrote stays.\n`;

export function changedJobsText({ changed, unchanged, running }: ChangedJobs, done: 'paused' | 'resumed'): string {
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  return [
    `${done === 'paused' ? 'Paused' : 'Resumed'}: ${list(changed)}\n`,
    ...(unchanged.length === 0 ? [] : [`${done === 'paused' ? 'Paused before' : 'Not paused'}: ${list(unchanged)}\n`]),
    ...(running.length === 0 ? [] : [`Running, to their end: ${list(running)}\n`]),
  ].join('');
}

export function jobStatusText(answer: JobStatusAnswer, paint: Paint, now = new Date()): string {
  const { job, lagSeconds, schedule, lastRun, runs, config, notes } = answer;
  const drift = schedule.drift.length === 0 ? paint('green', 'it should be') : paint('red', schedule.drift.join('; '));
  return [
    `${paint('bold', job.name)}  ${statusOf(job, paint)}\n`,
    ...jobLines(job, now),
    line('found as', drift),
    line('last run', lastRun === null ? 'none yet' : runLine(lastRun, now, paint)),
    ...errorLines(lastRun, paint),
    line('lag', lagSeconds === null ? 'no run came to its end yet' : roughly(lagSeconds)),
    ...notes.map((note) => line('note', note)),
    ...(runs === undefined || runs.length === 0
      ? []
      : [`\n${paint('bold', 'Last runs')}\n${table(RUNS(paint), runs, paint)}`]),
    ...(config === undefined ? [] : [`\n${paint('bold', 'Works with')}\n${configText(config, paint)}`]),
  ].join('');
}

const errorLines = (run: RunView | null, paint: Paint): readonly string[] => {
  if (!run?.error) return [];
  return [line('', paint('red', `${run.error.code} ${run.error.message.split('\n')[0] ?? ''}`))];
};

/** Runs, a line each, newest first. */
export const RUNS = (paint: Paint): readonly Column<RunView>[] => [
  { head: 'Began', text: ({ startedAt }) => startedAt.slice(0, 19).replace('T', ' ') },
  { head: 'For', text: ({ scheduledTime }) => scheduledTime?.slice(0, 16).replace('T', ' ') ?? 'by hand' },
  { head: 'Status', text: ({ status }) => statusText(status, paint) },
  { head: 'Time', align: 'right', text: ({ durationMs }) => duration(durationMs) },
  { head: 'Read', align: 'right', text: ({ read }) => number(read) },
  { head: 'Written', align: 'right', text: ({ written }) => number(written) },
  { head: 'Conflicts', align: 'right', text: ({ conflicts }) => number(conflicts) },
  { head: 'Set aside', align: 'right', text: ({ setAside }) => number(setAside) },
  { head: 'Error', text: ({ error }) => (error === null ? '-' : paint('red', error.code)) },
  { head: 'Operation', text: ({ operationId }) => operationId ?? '-' },
];

function configText(config: NonNullable<JobStatusAnswer['config']>, paint: Paint): string {
  const limit = (value: number | null, unit: string): string => (value === null ? 'none' : `${number(value)}${unit}`);
  return [
    table(
      [
        { head: 'Entity', text: (row) => row.entity },
        { head: 'Conflicts', text: (row) => row.conflicts },
        { head: 'Deletes', text: (row) => row.deletes },
        { head: 'Changes by', text: (row) => row.updatedAt ?? 'comparison' },
      ],
      config.entities,
      paint,
    ),
    `Jobs at the same time: ${limit(config.concurrentJobs, '')}; lag limit: ${limit(config.lagLimitSeconds, ' s')}; ` +
      `deletions that pass: ${limit(config.deleteThresholdPercent, ' %')}\n`,
  ].join('');
}
