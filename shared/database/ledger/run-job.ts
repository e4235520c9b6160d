/** A synchronization job as its runs need it. */
import { PortageError } from '../../domain/errors.ts';
import { suggestion } from '../../domain/nearest-name.ts';
import type { Session } from '../session.ts';

export interface RunJob {
  readonly jobId: string;
  readonly mapName: string;
  readonly jobName: string;
  /** Names, or `all` alone. */
  readonly entities: readonly string[];
  readonly mode: string;
  /** Null: what the map says of each entity. */
  readonly conflictResolution: string | null;
  readonly batchSize: number | null;
  readonly timeoutMs: number | null;
  readonly overlap: 'skip' | 'queue';
  readonly paused: boolean;
  /** How old the last full comparison may be. */
  readonly fullEverySeconds: number;
}

/** @throws PortageError S001 where there is no such job. */
export async function readJob(target: Session, name: string): Promise<RunJob> {
  const row = await target.maybeOne(
    `SELECT id, map_name, job_name, to_json(entities) AS entities, mode, conflict_resolution, batch_size, timeout_ms, overlap, (paused_at IS NOT NULL)::text AS paused,
       extract(epoch FROM full_every) AS full_every FROM portage.synchronization_jobs WHERE job_name = $1`,
    [name],
  );
  if (row === null) {
    const known = await target.rows<{ job_name: string }>(
      'SELECT job_name FROM portage.synchronization_jobs ORDER BY job_name',
    );
    const names = known.map((job) => job.job_name);
    throw new PortageError('S001', `there is no job ${name}${suggestion(name, names)}`, {
      got: name,
      expected: names.length === 0 ? 'a job; there is none yet' : names.join(', '),
      next: 'List the jobs: portage sync-scheduler list-jobs',
    });
  }
  const number = (text: string | null | undefined): number | null => (text ? Number(text) : null);
  return {
    jobId: row['id'] ?? '',
    mapName: row['map_name'] ?? '',
    jobName: row['job_name'] ?? '',
    entities: JSON.parse(row['entities'] ?? '[]') as string[],
    mode: row['mode'] ?? '',
    conflictResolution: row['conflict_resolution'] ?? null,
    batchSize: number(row['batch_size']),
    timeoutMs: number(row['timeout_ms']),
    overlap: row['overlap'] as RunJob['overlap'],
    paused: row['paused'] === 'true',
    fullEverySeconds: Number(row['full_every']),
  };
}
