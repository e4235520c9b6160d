/** A scheduled time has come: the job's row says when the next one does, for whoever looks, and for the health check. */
import { setNextRun, timesOf } from '../shared/database/ledger/jobs.ts';
import type { Session } from '../shared/database/session.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { nextRun } from '../shared/domain/schedule/next-run.ts';
import { parseSchedule } from '../shared/domain/schedule/schedule.ts';

/** A start that comes late, or twice, names the next time all the same; a rate keeps its beat. */
export async function noteNextRun(target: Session, jobId: string, scheduledTime: string, now: Date): Promise<void> {
  const fired = new Date(scheduledTime);
  const { schedule, timezone } = await timesOf(target, jobId);
  try {
    const times = parseSchedule(schedule, timezone);
    await setNextRun(target, jobId, nextRun(times, now > fired ? now : fired, fired));
  } catch (error) {
    // Somebody edited the row into what cannot be read. That is the health check's to tell, and no reason not to run.
    if (!(error instanceof PortageError) || error.code !== 'S004') throw error;
  }
}
