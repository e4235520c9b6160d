/** The commands of sync-scheduler that touch schedules: a function of its own, because its role alone may. Each is a file of its own in schedules/. */
import { shortCommandInput, shortCommandOutput } from '../../shared/contracts/operation.ts';
import { createJob as createCommand } from '../../shared/operations/sync-scheduler/create-job.ts';
import { deleteJob as deleteCommand } from '../../shared/operations/sync-scheduler/delete-job.ts';
import { healthCheck as healthCommand } from '../../shared/operations/sync-scheduler/health-check.ts';
import { jobStatus as statusCommand } from '../../shared/operations/sync-scheduler/job-status.ts';
import { pauseAllJobs as pauseAllCommand } from '../../shared/operations/sync-scheduler/pause-all-jobs.ts';
import { pauseJob as pauseCommand } from '../../shared/operations/sync-scheduler/pause-job.ts';
import { restartScheduler as restartCommand } from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import { resumeAllJobs as resumeAllCommand } from '../../shared/operations/sync-scheduler/resume-all-jobs.ts';
import { resumeJob as resumeCommand } from '../../shared/operations/sync-scheduler/resume-job.ts';
import { start as startCommand } from '../../shared/operations/sync-scheduler/start.ts';
import { updateJob as updateCommand } from '../../shared/operations/sync-scheduler/update-job.ts';
import { commandsOf, runShortCommand } from '../short-command.ts';
import { step, type Invocation } from '../step.ts';
import { createJob } from './schedules/create-job.ts';
import { deleteJob } from './schedules/delete-job.ts';
import { healthCheck } from './schedules/health-check.ts';
import { jobStatus } from './schedules/job-status.ts';
import { pauseAllJobs, pauseJob, resumeAllJobs, resumeJob } from './schedules/pause-resume.ts';
import { restartScheduler } from './schedules/restart-scheduler.ts';
import { start } from './schedules/start.ts';
import { updateJob } from './schedules/update-job.ts';

const COMMANDS = commandsOf(
  [createCommand, createJob],
  [updateCommand, updateJob],
  [deleteCommand, deleteJob],
  [pauseCommand, pauseJob],
  [resumeCommand, resumeJob],
  [pauseAllCommand, pauseAllJobs],
  [resumeAllCommand, resumeAllJobs],
  [statusCommand, jobStatus],
  [healthCommand, healthCheck],
  [restartCommand, restartScheduler],
  [startCommand, start],
);

export const manageSchedules = (input: { readonly command: string }, deps: Invocation): Promise<unknown> =>
  runShortCommand(COMMANDS, input, deps);

export const handler = step(
  'ManageSchedules',
  { input: shortCommandInput, output: shortCommandOutput },
  manageSchedules,
  'sync',
);
