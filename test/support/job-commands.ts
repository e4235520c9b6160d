// Jobs and their schedules on a target and a home of a test's own, through the handlers as a person starts the commands.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FoundSchedule } from '../../shared/operations/ports.ts';
import {
  changedJob,
  changedJobs,
  type ChangedJob,
  type ChangedJobs,
} from '../../shared/operations/sync-scheduler/job.ts';
import { jobStatusAnswer, type JobStatusAnswer } from '../../shared/operations/sync-scheduler/job-status.ts';
import { listJobsAnswer, type ListJobsAnswer } from '../../shared/operations/sync-scheduler/list-jobs.ts';
import {
  restartSchedulerAnswer,
  type RestartSchedulerAnswer,
} from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import { localSchedules, schedulesFolder } from '../../shared/schedules/local-schedules.ts';
import { ask } from './inspect.ts';
import { portage, type Portage } from './portage.ts';
import { addressOf } from './sides.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from './surgery.ts';

type Flags = Record<string, unknown>;
interface Asked<Answer> {
  readonly answer: Answer;
  readonly exit: number;
}

export interface Jobs {
  readonly p: Portage;
  readonly home: string;
  /** Holds a file a schedule. */
  readonly folder: string;
  job(command: string, flags?: Flags): Promise<Asked<ChangedJob>>;
  all(command: string): Promise<Asked<ChangedJobs>>;
  /** At two in the morning in Berlin, unless told otherwise. */
  create(name: string, flags?: Flags): Promise<Asked<ChangedJob>>;
  list(flags?: Flags): Promise<ListJobsAnswer['jobs']>;
  restart(flags?: Flags): Promise<RestartSchedulerAnswer>;
  status(name: string, flags?: Flags): Promise<JobStatusAnswer>;
  schedule(name: string): Promise<FoundSchedule | null>;
  /** No job, and no schedule. */
  empty(): Promise<void>;
  end(): Promise<void>;
}

export async function jobs(): Promise<Jobs> {
  const home = await mkdtemp(join(tmpdir(), 'portage-home-'));
  const p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery, { PORTAGE_HOME: home });
  const folder = schedulesFolder(home, addressOf(p.targetUrl));
  const job = (command: string, flags: Flags = {}): Promise<Asked<ChangedJob>> =>
    ask(changedJob, `sync-scheduler ${command}`, flags);
  return {
    p,
    home,
    folder,
    job,
    all: (command) => ask(changedJobs, `sync-scheduler ${command}`),
    create: (name, flags = {}) =>
      job('create-job', { name, schedule: '0 2 * * *', timezone: 'Europe/Berlin', ...flags }),
    list: async (flags = {}) => (await ask(listJobsAnswer, 'sync-scheduler list-jobs', flags)).answer.jobs,
    restart: async (flags = {}) =>
      (await ask(restartSchedulerAnswer, 'sync-scheduler restart-scheduler', flags)).answer,
    status: async (name, flags = {}) =>
      (await ask(jobStatusAnswer, 'sync-scheduler job-status', { name, ...flags })).answer,
    schedule: (name) => localSchedules(folder).find(name),
    async empty() {
      await rm(folder, { recursive: true, force: true });
      if ((await p.value("SELECT to_regclass('portage.synchronization_runs')::text")) !== null)
        await p.run('target', 'TRUNCATE portage.synchronization_jobs CASCADE');
    },
    async end() {
      Reflect.deleteProperty(process.env, 'PORTAGE_HOME');
      await p.end();
      await rm(home, { recursive: true, force: true });
    },
  };
}
