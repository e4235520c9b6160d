/** `sync-scheduler update-job`: another wish for the same job; its schedule follows, a run in progress goes on as it began. */
import {
  changingJob,
  changingJobs,
  updateJob as updateRow,
  type Job,
  type JobWish,
} from '../../../shared/database/ledger/jobs.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { ChangedJob } from '../../../shared/operations/sync-scheduler/job.ts';
import type { Invocation } from '../../step.ts';
import { refuseImpossible } from './checked-wish.ts';
import { wishOf, type JobRequest } from './create-job.ts';
import { viewOf } from './job-view.ts';
import { knownJob } from './known-job.ts';
import { schedulesFor } from './port.ts';
import { firstRun, writeSchedule } from './wanted.ts';

export async function updateJob(request: JobRequest, deps: Invocation): Promise<ChangedJob> {
  const map = await deps.configuredMap();
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget('update-job', (target) =>
    changingJobs(target, async () => {
      const job = await knownJob(target, request.name);
      refuseOtherMap(job, map);
      const wish = wishOf(request, job);
      refuseImpossible(wish, map);
      if (isAsBefore(wish, job)) return { job: viewOf(job), changed: false, notes: ['it was so already'] };
      const updated = await changingJob(target, async () => {
        const made = await updateRow(target, job.jobId, wish, nextRunOf(job, wish, deps.now()));
        await writeSchedule(schedules, made);
        return made;
      });
      const notes = [
        ...(job.status === 'running' ? ['the run in progress goes on as it began'] : []),
        ...(job.pausedAt === null ? [] : [`it is paused: portage sync-scheduler resume-job --name ${job.name}`]),
      ];
      return { job: viewOf(updated), changed: true, notes };
    }),
  );
}

/** The same times as before go on; of other times the first one counts from now. */
function nextRunOf(job: Job, wish: JobWish, now: Date): Date | null {
  if (job.pausedAt !== null) return null;
  const sameTimes = job.schedule === wish.schedule && job.timezone === wish.timezone;
  return sameTimes && job.nextRunAt !== null ? new Date(job.nextRunAt) : firstRun(wish, now);
}

/** Its entities are those of its own map. */
function refuseOtherMap({ name, mapName }: Job, map: EntityMap): void {
  if (mapName === map.name) return;
  throw new PortageError('S001', `the job ${name} belongs to another map`, {
    got: map.name,
    expected: mapName,
    where: 'map',
    next: 'Name the map of the job with --map FILE.',
  });
}

const isAsBefore = (wish: JobWish, job: Job): boolean =>
  (Object.keys(wish) as (keyof JobWish)[]).every((field) => JSON.stringify(wish[field]) === JSON.stringify(job[field]));
