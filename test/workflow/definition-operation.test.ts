/** The operation definition, run with fake steps. */
import { describe, expect, test } from '@jest/globals';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { failure, operation } from './definition-harness.ts';

const commandsOfClass = (name: string): readonly string[] =>
  CATALOGUE_OF_OPERATIONS.filter((op) => op.class === name).map(commandOf);

describe('the operation machine', () => {
  test.each(commandsOfClass('inspect'))(
    'gives %s to InspectLedger, whole, and answers with its answer',
    async (command) => {
      const input = { command, entity: ['offices'] };
      const run = await operation({ InspectLedger: () => ({ checkpoints: [] }) }, input);

      expect(run.calls('InspectLedger')).toEqual([input]);
      expect(run.output).toEqual({ checkpoints: [] });
    },
  );

  test.each([
    ...commandsOfClass('change').map((command) => ['ChangeLedger', command]),
    ...commandsOfClass('stop').map((command) => ['StopOperations', command]),
  ])('gives to %s alone %s', async (step, command) => {
    const steps = { InspectLedger: () => 'look', ChangeLedger: () => 'change', StopOperations: () => 'stop' };
    const run = await operation(steps, { command });

    expect(run.calls(step)).toEqual([{ command }]);
    expect(Object.keys(steps).flatMap((each) => run.calls(each))).toHaveLength(1);
  });

  test.each(commandsOfClass('sample'))(
    'calls SampleResources for %s until it is done, with what it gave before',
    async (command) => {
      const looks = [
        { sampling: { samples: [1] }, done: false, waitSeconds: 1 },
        { done: true, samples: [1, 2] },
      ];
      const run = await operation(
        { SampleResources: ({ sampling }) => looks[sampling === undefined ? 0 : 1] },
        { command, duration: 1 },
      );

      expect(run.calls('SampleResources')).toEqual([{ command, duration: 1 }, looks[0]]);
      expect(run.output).toEqual(looks[1]);
    },
  );

  test.each([
    ...commandsOfClass('migration').map((command) => ({ command })),
    ...commandsOfClass('validation').map((command) => ({ command })),
    { command: 'conflict-resolver dance' },
    { command: 7 },
    { command: null },
    {},
  ])('refuses %j and names what it takes', async (input) => {
    const run = await operation({ InspectLedger: () => ({}) }, input);

    expect(run.calls('InspectLedger')).toEqual([]);
    expect(run.error?.code).toBe('SYS002');
    expect(run.error?.cause).toContain('migration-analyzer checkpoint-status');
  });

  test('ends with the code and cause of the step', async () => {
    const run = await operation(
      {
        InspectLedger: () => {
          throw failure('SYS007', 'permission denied');
        },
      },
      { command: 'migration-analyzer checkpoint-status' },
    );

    expect(run.error?.code).toBe('SYS007');
    expect(run.error?.cause).toContain('permission denied');
  });
});
