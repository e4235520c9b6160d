/** `sync-scheduler job-status`: one job, and whether the schedule that shall start it is really there. */
import { jobRecords, lastRuns } from '../../../shared/database/inspect/job-runs.ts';
import type { Job } from '../../../shared/database/ledger/jobs.ts';
import { normalEntity, type EntityMap, type Settings } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { driftOf } from '../../../shared/domain/schedule/drift.ts';
import type { Schedules } from '../../../shared/operations/ports.ts';
import type { JobStatusAnswer } from '../../../shared/operations/sync-scheduler/job-status.ts';
import type { Invocation } from '../../step.ts';
import { detailedRunOf, runViewOf, secondsSince, viewOf } from './job-view.ts';
import { knownJob } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { wantedSchedule } from './wanted.ts';

export interface JobStatusRequest {
  readonly name: string;
  readonly detailed: boolean;
  readonly showConfig: boolean;
}

const RUNS_SHOWN = 10;

export async function jobStatus(request: JobStatusRequest, deps: Invocation): Promise<JobStatusAnswer> {
  const map = await deps.configuredMap();
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget('job-status', async (target) => {
    const job = await knownJob(target, request.name);
    const runs = await lastRuns(target, [job.jobId], request.detailed ? RUNS_SHOWN : 1);
    const record = (await jobRecords(target, [job.jobId])).get(job.jobId);
    const schedule = await driftOfJob(schedules, job);
    return {
      job: viewOf(job),
      lagSeconds: secondsSince(record?.followedUntil, deps.now()),
      schedule,
      lastRun: runs[0] === undefined ? null : runViewOf(runs[0]),
      ...(request.detailed ? { runs: runs.map(detailedRunOf) } : {}),
      ...(request.showConfig && job.mapName === map.name ? { config: configOf(job, map, deps.settings(map)) } : {}),
      notes: [
        ...(schedule.drift.length === 0
          ? []
          : ['its schedule is made right by: portage sync-scheduler restart-scheduler']),
        ...(request.showConfig && job.mapName !== map.name
          ? [`its map is ${job.mapName}, not ${map.name}: name it with --map FILE to see what its runs work with`]
          : []),
      ],
    };
  });
}

/** What is found with whoever fires it; a row that cannot be read wants nothing that could be compared. */
export async function driftOfJob(
  schedules: Schedules,
  job: Job,
): Promise<{ readonly found: boolean; readonly drift: string[] }> {
  const found = await schedules.find(job.name);
  try {
    return { found: found !== null, drift: [...driftOf(wantedSchedule(job), found)] };
  } catch (error) {
    if (!(error instanceof PortageError)) throw error;
    return { found: found !== null, drift: [`${error.code} ${error.message}`] };
  }
}

const configOf = (job: Job, map: EntityMap, settings: Settings): NonNullable<JobStatusAnswer['config']> => ({
  entities: Object.keys(map.entities)
    .filter((name) => job.entities.includes('all') || job.entities.includes(name))
    .map((name) => {
      const entity = normalEntity(map, name);
      return {
        entity: name,
        conflicts: job.conflictResolution ?? entity.conflicts,
        deletes: entity.deletes,
        updatedAt: entity.source.updatedAt,
      };
    }),
  concurrentJobs: settings.concurrentJobs ?? null,
  lagLimitSeconds: settings.lagLimitSeconds ?? null,
  deleteThresholdPercent: settings.deleteThresholdPercent ?? null,
});
