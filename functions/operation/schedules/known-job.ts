/** The job that a command names. */
import { hasJobs, listJobs, type Job, type JobStatus } from '../../../shared/database/ledger/jobs.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { suggestion } from '../../../shared/domain/nearest-name.ts';

/** All jobs; none where there is no ledger yet. */
export const knownJobs = async (target: Session, status: JobStatus | null = null): Promise<readonly Job[]> =>
  (await hasJobs(target)) ? listJobs(target, status) : [];

/** @throws PortageError SYS002 with the nearest names */
export async function knownJob(target: Session, name: string): Promise<Job> {
  const jobs = await knownJobs(target);
  const found = jobs.find((job) => job.name === name);
  if (found !== undefined) return found;
  const names = jobs.map((job) => job.name);
  throw new PortageError('SYS002', `there is no job ${name}${suggestion(name, names)}`, {
    got: name,
    expected: names.length === 0 ? 'a job; there is none yet' : names.join(', '),
    where: 'name',
    next: 'List the jobs: portage sync-scheduler list-jobs',
  });
}
