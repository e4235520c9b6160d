/** `sync-scheduler analyze-performance`: the last runs of each job, and how their figures move. */
import { lastRuns, type JobRun } from '../../../shared/database/inspect/job-runs.ts';
import { FEWEST_FOR_A_TREND, trendOf } from '../../../shared/domain/trend.ts';
import type { JobPerformanceAnswer } from '../../../shared/operations/sync-scheduler/analyze-performance.ts';
import type { Invocation } from '../../step.ts';
import { runViewOf } from '../schedules/job-view.ts';
import { knownJob, knownJobs } from '../schedules/known-job.ts';

export interface JobPerformanceRequest {
  readonly name?: string | undefined;
  readonly lastRuns: number;
  readonly showTrends: boolean;
}

type Job = JobPerformanceAnswer['jobs'][number];
type Run = Job['runs'][number];

const FIGURES = ['durationMs', 'read', 'written', 'rowsPerSecond', 'conflicts'] as const;

export const jobPerformance = (request: JobPerformanceRequest, deps: Invocation): Promise<JobPerformanceAnswer> =>
  deps.withTarget('analyze-performance', async (target) => {
    const jobs = request.name === undefined ? await knownJobs(target) : [await knownJob(target, request.name)];
    const runs =
      jobs.length === 0
        ? []
        : await lastRuns(
            target,
            jobs.map(({ jobId }) => jobId),
            request.lastRuns,
          );
    const answered = jobs.map(({ jobId, name }): Job => {
      const own = runs.filter((run) => run.jobId === jobId).map(measured);
      return { name, runs: own, ...(request.showTrends ? { trends: trendsOf(own) } : {}) };
    });
    const few = answered.filter(({ trends }) => trends?.length === 0).map(({ name }) => name);
    const notes =
      few.length === 0
        ? []
        : [`no trend yet of ${few.join(', ')}: that takes ${FEWEST_FOR_A_TREND} runs that came to their end`];
    return { jobs: answered, notes };
  });

const measured = (run: JobRun): Run => ({
  ...runViewOf(run),
  rowsPerSecond: run.durationMs > 0 && run.read > 0 ? Math.round((run.read * 1000) / run.durationMs) : null,
});

/** Of runs that came to their end: one that broke off was short for another reason. */
function trendsOf(runs: readonly Run[]): NonNullable<Job['trends']> {
  const ended = runs.filter(({ status }) => status.startsWith('completed')).reverse();
  return FIGURES.flatMap((figure) => {
    const trend = trendOf(ended.flatMap((run) => run[figure] ?? []));
    if (trend === null) return [];
    const { mean, percentPerRun, direction } = trend;
    return [
      {
        figure,
        mean: Math.round(mean),
        percentPerRun: percentPerRun === null ? null : Math.round(percentPerRun * 10) / 10,
        direction,
      },
    ];
  });
}
