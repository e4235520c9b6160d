// How long a run of a job waits for another.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { handler as beginRun } from '../../functions/synchronization/begin-run.ts';
import { jobs, type Jobs } from '../support/jobs.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let j: Jobs;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  j = jobs(p, 'surgery');
  await p.migrate();
  await j.job('nightly', { overlap: 'queue' });
});
afterAll(() => p.end());

test('a run does not wait for one that runs for hours, since its own execution would end before, and leaves the turn to the next', async () => {
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;
  const request = { jobName: 'nightly', scheduledTime: '2024-01-31T03:00:00Z' };
  const looks: unknown[] = [];
  const look = async (): Promise<void> => {
    const { outcome, notices } = await beginRun({ execution: 'waits', request }, context);
    looks.push([outcome, notices, await p.value('SELECT waiting_execution FROM synchronization_jobs')]);
  };
  await j.fire('nightly', '2024-01-31T02:00:00Z', {
    FinishRun: async (_, go) => {
      await look();
      await p.target.run(
        "UPDATE portage.synchronization_runs SET started_at = started_at - interval '7 hours' WHERE status = 'running'",
      );
      await look();
      return go();
    },
  });
  expect(looks).toEqual([
    ['waiting', [expect.any(String)], 'waits'],
    ['skipped', [expect.stringContaining('has been running for more than six hours')], null],
  ]);
});
