/** Who fires the jobs here: EventBridge Scheduler in AWS, files that `sync-scheduler start` reads on this machine. */
import type { Config } from '../../../shared/config.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { Schedules } from '../../../shared/operations/ports.ts';
import { localSchedules, schedulesFolder } from '../../../shared/schedules/local-schedules.ts';

/** @throws PortageError SYS002 where neither can be */
export async function schedulesFor({ home, target, scheduler }: Config): Promise<Schedules> {
  if (scheduler !== null) {
    // The client of AWS takes a while to load, which nobody should wait for on a machine of his own.
    const { awsSchedules } = await import('../../../shared/aws/schedules.ts');
    return awsSchedules(scheduler);
  }
  if (target === null)
    throw new PortageError('SYS002', 'no target database is configured', { where: 'TARGET_DB_URL', got: 'nothing' });
  return localSchedules(schedulesFolder(home, target));
}
