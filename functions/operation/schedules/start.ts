/** `sync-scheduler start` as a step: who fires the jobs here. On a machine of one's own the command line does (cli/local). */
import type { startAnswer } from '../../../shared/operations/sync-scheduler/start.ts';
import type { Invocation } from '../../step.ts';
import { knownJobs } from './known-job.ts';

export async function start(_: unknown, deps: Invocation): Promise<ReturnType<typeof startAnswer.parse>> {
  const jobs = (await deps.withTarget('start', (target) => knownJobs(target))).length;
  return deps.config.scheduler === null
    ? {
        scheduler: 'local',
        jobs,
        message: 'The command line of this machine fires the jobs: portage sync-scheduler start',
      }
    : {
        scheduler: 'eventbridge',
        jobs,
        message: `EventBridge Scheduler fires the jobs of this environment, from the group ${deps.config.scheduler.group}; there is nothing to start.`,
      };
}
