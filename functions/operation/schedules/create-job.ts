/** `sync-scheduler create-job`: the row, and the schedule that follows from it. */
import { applyLedger } from '../../../shared/database/ledger/apply.ts';
import { changingJob, changingJobs, insertJob, listJobs, type JobWish } from '../../../shared/database/ledger/jobs.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { knownTimezone } from '../../../shared/domain/schedule/timezone.ts';
import type { ChangedJob } from '../../../shared/operations/sync-scheduler/job.ts';
import type { Invocation } from '../../step.ts';
import { refuseImpossible } from './checked-wish.ts';
import { viewOf } from './job-view.ts';
import { schedulesFor } from './port.ts';
import { firstRun, writeSchedule } from './wanted.ts';

/** What may be said of a job; what is not said is as it was, or as by default. */
export interface JobRequest {
  readonly name: string;
  readonly entities?: 'all' | readonly string[] | undefined;
  readonly schedule?: string | undefined;
  readonly timezone?: string | undefined;
  readonly mode?: 'differential' | 'full' | undefined;
  readonly conflictResolution?: string | undefined;
  readonly batchSize?: number | undefined;
  readonly timeout?: number | undefined;
  readonly overlap?: 'skip' | 'queue' | undefined;
  readonly fullEveryHours?: number | undefined;
}

/** A full comparison a day, unless the map says otherwise. */
const FULL_EVERY_HOURS = 24;

export async function createJob(
  request: JobRequest & { readonly schedule: string },
  deps: Invocation,
): Promise<ChangedJob> {
  const map = await deps.configuredMap();
  const settings = deps.settings(map);
  const wish = wishOf(request, {
    name: request.name,
    entities: ['all'],
    schedule: request.schedule,
    timezone: 'UTC',
    mode: 'differential',
    conflictResolution: null,
    batchSize: null,
    timeoutMs: null,
    overlap: settings.overlap ?? 'skip',
    fullEveryHours: settings.fullDescentHours ?? FULL_EVERY_HOURS,
  });
  refuseImpossible(wish, map);
  const schedules = await schedulesFor(deps.config);
  return deps.withTarget('create-job', async (target) => {
    await applyLedger(target);
    const job = await changingJobs(target, () =>
      changingJob(target, async () => {
        const made = await insertJob(target, map.name, wish, firstRun(wish, deps.now()));
        if (made === null) throw await nameTaken(target, wish.name);
        await writeSchedule(schedules, made);
        return made;
      }),
    );
    return { job: viewOf(job), changed: true, notes: [] };
  });
}

/** What was asked for, over what is there. */
export const wishOf = (request: JobRequest, before: JobWish): JobWish => ({
  name: before.name,
  entities: request.entities === 'all' ? ['all'] : (request.entities ?? before.entities),
  schedule: request.schedule?.trim() ?? before.schedule,
  timezone: request.timezone === undefined ? before.timezone : knownTimezone(request.timezone),
  mode: request.mode ?? before.mode,
  conflictResolution:
    request.conflictResolution === 'map' ? null : (request.conflictResolution ?? before.conflictResolution),
  batchSize: request.batchSize ?? before.batchSize,
  timeoutMs: request.timeout ?? before.timeoutMs,
  overlap: request.overlap ?? before.overlap,
  fullEveryHours: request.fullEveryHours ?? before.fullEveryHours,
});

async function nameTaken(target: Session, name: string): Promise<PortageError> {
  const taken = (await listJobs(target)).find((job) => job.name.toLowerCase() === name.toLowerCase());
  return new PortageError('S001', 'a job of this name exists already', {
    got: taken?.name ?? name,
    expected: 'a name that no job has',
    where: 'name',
    next: `Change it: portage sync-scheduler update-job --name ${taken?.name ?? name}; or choose another name.`,
  });
}
