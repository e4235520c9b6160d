/** The migration definition is run with fake steps, so that what it promises is proved before any real step is there. */
import { describe, expect, test } from '@jest/globals';
import { failure, migration } from './definition-harness.ts';
import { NO_COUNTS } from '../../shared/contracts/migration.ts';
import { PLAN, REQUEST, steps } from './definition-steps.ts';

describe('the migration machine', () => {
  test('carries wave after wave, every slice until it is done, and answers with the gate', async () => {
    const run = await migration(steps(), REQUEST);

    expect(run.output).toMatchObject({ operationId: PLAN.operationId, status: 'completed' });
    expect(run.calls('PlanMigration')).toEqual([{ execution: 'exec-1', request: REQUEST }]);
    expect(run.calls('MigrateSlice')).toHaveLength(2 * 3 * 2);
    expect(run.calls('LinkReferences')).toHaveLength(2 * 2);
    expect(run.calls('MigrateCycle').map(({ rows }) => rows)).toEqual([undefined, 5]);
    expect(run.calls('FinishEntity').map(({ entity }) => entity)).toEqual(['offices', 'doctors']);
    expect(run.order('FinishEntity', 'offices')).toBeLessThan(run.order('PrepareEntity', 'doctors'));
    expect(run.calls('FinishMigration')).toEqual([
      expect.objectContaining({ operationId: PLAN.operationId, request: REQUEST }),
    ]);
    expect(run.calls('FinishMigration')[0]).not.toHaveProperty('estimates');
  });

  test('tries a transient error again, and no other', async () => {
    let attempts = 0;
    const flaky = await migration(
      {
        ...steps(),
        PrepareEntity: (input) => {
          attempts += 1;
          if (attempts <= 2) throw failure('SYS003', 'too many connections');
          return steps()['PrepareEntity']!(input);
        },
      },
      REQUEST,
    );

    expect(flaky.output).toMatchObject({ status: 'completed' });
    expect(flaky.calls('FailEntity')).toEqual([]);

    const broken = await migration(
      {
        ...steps(),
        PrepareEntity: () => {
          throw failure('M001', 'somebody else has it');
        },
      },
      REQUEST,
    );
    expect(broken.calls('PrepareEntity')).toHaveLength(2);
    expect(broken.calls('FailEntity').map(({ entities }) => entities)).toEqual([['offices'], ['doctors']]);
  });

  test('lets the other slices of an entity finish when one fails', async () => {
    const run = await migration(
      {
        ...steps(),
        MigrateSlice: (input) => {
          if ((input['slice'] as { slice: number }).slice === 1) throw failure('M003', 'no such parent');
          return steps()['MigrateSlice']!(input);
        },
        FinishMigration: () => {
          throw failure('M003', 'a slice failed');
        },
      },
      REQUEST,
    );

    expect(run.calls('FailSlice').map(({ entity, slice, fence, error }) => [entity, slice, fence, error])).toEqual(
      ['offices', 'doctors'].map((entity) => [
        entity,
        { slice: 1, from: null, to: '1' },
        7,
        { Error: 'M003', Cause: expect.stringContaining('no such parent') },
      ]),
    );
    expect(run.calls('MigrateSlice').filter(({ slice }) => (slice as { slice: number }).slice === 2)).toHaveLength(
      2 * 2,
    );
    expect(run.calls('FinishEntity')).toHaveLength(2);
    expect(run.error).toEqual({ code: 'M003', cause: 'recorded' });
  });

  test('lets the other groups of a wave finish when one fails, even where that cannot be recorded', async () => {
    const run = await migration(
      {
        ...steps(),
        MigrateCycle: () => {
          throw failure('M007', 'both references are NOT NULL');
        },
        FailEntity: () => {
          throw failure('SYS007', 'the ledger is gone');
        },
      },
      REQUEST,
    );

    expect(run.calls('FailEntity')).toEqual([
      {
        operationId: PLAN.operationId,
        execution: 'exec-1',
        entities: ['a', 'b'],
        error: { Error: 'M007', Cause: expect.stringContaining('NOT NULL') },
        connectionRetries: 3,
      },
    ]);
    expect(run.calls('FinishEntity')).toHaveLength(2);
    expect(run.calls('FinishMigration')).toHaveLength(1);
  });

  test('tells every step how often it may try to connect, and each wave how wide it is', async () => {
    const run = await migration(steps(), REQUEST);

    const each = ['PrepareEntity', 'MigrateSlice', 'LinkReferences', 'FinishEntity', 'MigrateCycle', 'DeleteRows'];
    for (const step of each)
      for (const call of run.calls(step)) expect([step, call['connectionRetries']]).toEqual([step, 3]);
    expect(run.calls('FinishMigration')[0]).toMatchObject({ plan: { connectionRetries: 3 } });
    expect(run.calls('PrepareEntity').map((call) => [call['entity'], call['sliceLanes']])).toEqual([
      ['offices', 3],
      ['doctors', 2],
    ]);
  });

  test('only reads in a dry run, and hands the estimates to the gate', async () => {
    const run = await migration({ ...steps(), PlanMigration: () => ({ ...PLAN, dryRun: true }) }, REQUEST);

    expect(run.calls('EstimateEntity')).toHaveLength(2 * 2);
    expect(run.calls('EstimateEntity').at(-1)).toMatchObject({ cursor: 'half', request: REQUEST });
    expect(run.calls('PrepareEntity')).toEqual([]);
    // What the answer needs and nothing else: hundreds of them stand in one state.
    const told = { counts: NO_COUNTS, rehearsal: null, notes: [] };
    expect(run.calls('FinishMigration')[0]!['estimates']).toEqual([
      { entity: 'offices', ...told },
      { entity: 'doctors', ...told },
    ]);
  });

  test('keeps the failure of one estimate for the gate and goes on with the others', async () => {
    const run = await migration(
      {
        ...steps(),
        PlanMigration: () => ({ ...PLAN, dryRun: true }),
        EstimateEntity: (input) => {
          if (input['entity'] === 'offices') throw failure('SYS007', 'no such column');
          return { ...input, cursor: null, counts: NO_COUNTS, rehearsal: null, notes: [], done: true };
        },
      },
      REQUEST,
    );

    expect(run.calls('FinishMigration')[0]!['estimates']).toMatchObject([
      { entity: 'offices', error: { Error: 'SYS007', Cause: expect.stringContaining('no such column') } },
      { entity: 'doctors', counts: NO_COUNTS },
    ]);
  });

  test('ends with code and cause when the plan fails, and has them recorded', async () => {
    const run = await migration(
      {
        ...steps(),
        PlanMigration: () => {
          throw failure('M008', 'offices has no rows yet');
        },
        FailMigration: ({ error }) => error,
      },
      REQUEST,
    );

    expect(run.calls('FailMigration')).toEqual([
      { execution: 'exec-1', error: { Error: 'M008', Cause: expect.stringContaining('offices has no rows yet') } },
    ]);
    expect(run.error?.code).toBe('M008');
    expect(run.error?.cause).toContain('offices has no rows yet');
    expect(run.calls('FinishMigration')).toEqual([]);
  });

  test('ends with the first error where not even that can be recorded', async () => {
    const run = await migration(
      {
        ...steps(),
        PlanMigration: () => {
          throw failure('SYS006', 'the ledger is newer');
        },
        FailMigration: () => {
          throw failure('SYS007', 'the ledger is gone');
        },
      },
      REQUEST,
    );

    expect(run.error?.code).toBe('SYS006');
    expect(run.error?.cause).toContain('the ledger is newer');
  });

  test.each([['a text'], [[1, 2]], [null]])('ends with a code for the input %p', async (input) => {
    const run = await migration(
      {
        ...steps(),
        PlanMigration: () => {
          throw failure('SYS002', 'not a request');
        },
      },
      input,
    );

    expect(run.error).toEqual({ code: 'SYS002', cause: 'recorded' });
  });
});
