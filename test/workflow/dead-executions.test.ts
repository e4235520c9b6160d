// Executions that died without a word: what EventBridge tells of them is recorded, and what they held can be taken at once.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { step } from '../../functions/step.ts';
import { handler as recordEnd } from '../../functions/environment/record-end.ts';
import { jobs } from '../support/jobs.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

describe('an execution that died', () => {
  let p: Portage;
  beforeAll(async () => {
    p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
    await p.migrate();
  });
  afterAll(() => p.end());
  const dies: Around = async (_, go, kill) => {
    await go(true);
    kill();
    return go();
  };
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

  /** As EventBridge sends it. */
  const event = (area: string, name: string, detail: Record<string, unknown>) => ({
    version: '0',
    id: '315c1398-40ff-a850-213b-158f73e60175',
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: '111122223333',
    time: '2026-02-26T19:42:21Z',
    region: 'eu-central-1',
    resources: [`arn:aws:states:eu-central-1:111122223333:execution:portage-dev-${area}:${name}`],
    detail: {
      executionArn: `arn:aws:states:eu-central-1:111122223333:execution:portage-dev-${area}:${name}`,
      stateMachineArn: `arn:aws:states:eu-central-1:111122223333:stateMachine:portage-dev-${area}`,
      name,
      startDate: 1551225271984,
      stopDate: 1551225272000,
      input: '{}',
      output: null,
      inputDetails: { included: true },
      outputDetails: null,
      error: null,
      cause: null,
      redriveCount: 0,
      redriveDate: null,
      ...detail,
    },
  });
  const last = () =>
    p.rows('SELECT operation_id AS id, execution, status, error_code AS code FROM operations ORDER BY operation_no DESC LIMIT 1'); // prettier-ignore
  const held = () => p.value("SELECT count(*) FROM migration_checkpoints WHERE status = 'in_progress'");

  test.each([
    ['ABORTED', {}, 'stopped', 'M013'],
    ['TIMED_OUT', { error: 'States.Timeout' }, 'failed', 'M002'],
    ['FAILED', { error: 'States.DataLimitExceeded', cause: 'too large' }, 'failed', 'SYS008'],
  ])('as %s is recorded, and what it held can be taken at once', async (status, detail, recorded, code) => {
    await p.empty();
    await p.migrateAround({ MigrateSlice: dies }, { batchSize: 5 });
    const [operation] = await last();
    expect(operation).toMatchObject({ status: 'running' });
    expect(Number(await held())).toBeGreaterThan(0);

    const execution = operation!['execution']!;
    expect(await recordEnd(event('migration', execution, { status, ...detail }), context)).toEqual({ execution, recorded: true }); // prettier-ignore
    expect(await last()).toMatchObject([{ status: recorded, code }]);
    expect(await held()).toBe('0');
    expect((await p.resume()).output).toMatchObject({ status: 'completed' });
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
  });

  test('but had recorded its failure itself is left as it is; so is one that the ledger never knew', async () => {
    const before = await last();
    for (const name of [before[0]!['execution']!, 'never-known'])
      expect(await recordEnd(event('migration', name, { status: 'FAILED', error: 'M012', cause: 'x' }), context)).toEqual({ execution: name, recorded: false }); // prettier-ignore
    expect(await last()).toEqual(before);
  });

  test('as a run of a job ends the run too, and the job can run again', async () => {
    await p.empty();
    await p.migrate();
    const own = jobs(p, surgery.name);
    await own.job('nightly');
    await p.run('source', "UPDATE doctor SET doc_nm = 'Changed' WHERE doc_no = 3");
    await own.run('nightly', { ApplyChanges: dies });
    const [operation] = await last();
    expect(operation).toMatchObject({ status: 'running' });
    await recordEnd(event('synchronization', operation!['execution']!, { status: 'ABORTED' }), context);
    expect(await last()).toMatchObject([{ status: 'stopped', code: 'M013' }]);
    expect(await p.rows('SELECT status FROM synchronization_runs')).toEqual([{ status: 'stopped' }]);
    expect((await own.run('nightly')).output).toMatchObject({ status: 'completed' });
  });

  test('is seldom one that ran out of time: what does not come to an end is cut off before, with a code, and rolled back', async () => {
    const waits = step('Waits', { input: z.unknown(), output: z.unknown() }, (_, deps) =>
      deps.withTarget('waits', (target) =>
        target.run('BEGIN; DELETE FROM public.doctors; SELECT pg_sleep(30); COMMIT'),
      ),
    );
    const began = performance.now();
    await expect(waits({}, { getRemainingTimeInMillis: () => 3_200 } as Context)).rejects.toMatchObject({
      name: 'M002',
      message: expect.stringMatching(/^Waits was cut off, because the time of its function was over\ngot: 3 s/),
    });
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
  });
});
