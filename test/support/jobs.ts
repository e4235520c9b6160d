// Synchronization jobs of two test databases: their rows are written as `create-job` writes them, their runs are real.
import type { FinishRunOutput } from '../../shared/contracts/synchronization.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import type { Failure } from '../../shared/operations/failure.ts';
import type { Around, Portage } from './portage.ts';

export interface RunEnded {
  readonly status: string;
  readonly output: FinishRunOutput | null;
  readonly failure: Failure | null;
}

export interface Jobs {
  /** Makes a job of all entities, or changes it. */
  job(name: string, fields?: Readonly<Record<string, string | number | null>>): Promise<void>;
  /** By hand. */
  run(name: string, around?: Readonly<Record<string, Around>>): Promise<RunEnded>;
  /** As its schedule starts it. */
  fire(name: string, scheduledTime: string, around?: Readonly<Record<string, Around>>): Promise<RunEnded>;
}

const literal = (value: string | number | null): string => (value === null ? 'NULL' : `'${value}'`);

export function jobs(p: Portage, map: string): Jobs {
  const ran = async (ended: ReturnType<Portage['execute']>): Promise<RunEnded> => (await ended) as unknown as RunEnded;
  return {
    async job(name, fields = {}) {
      await applyLedger(p.target);
      await p.target.run(
        `INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule) VALUES ('${map}', '${name}', '{all}', 'daily') ON CONFLICT (job_name) DO NOTHING`,
      );
      for (const [field, value] of Object.entries(fields))
        await p.target.run(
          `UPDATE portage.synchronization_jobs SET ${field} = ${literal(value)} WHERE job_name = '${name}'`,
        );
    },
    run: (name, around) => ran(p.execute('synchronization', { command: 'sync-scheduler run-job', name }, around)),
    fire: (name, scheduledTime, around) => ran(p.execute('synchronization', { jobName: name, scheduledTime }, around)),
  };
}
