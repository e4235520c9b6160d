import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { localExecutions } from '../../cli/local/executions.ts';
import { handlerFile, loadMachine, type Folders } from '../../cli/local/state-machine-runner.ts';
import { executionsContract } from './executions-contract.ts';
import { recorded } from './local-runner/functions/tiny/fail-tiny.ts';
import { calls } from './local-runner/functions/tiny/work-on.ts';

const folder = join(import.meta.dirname, 'local-runner');
const folders: Folders = { definitions: join(folder, 'definitions'), functions: join(folder, 'functions') };
const run = async (input: unknown) => {
  const executions = localExecutions({ folders });
  await executions.start('tiny', 'one', input);
  return executions.wait('one');
};

beforeEach(() => {
  recorded.length = 0;
  calls.count = 0;
});

describe('the port on this machine', () => {
  executionsContract(() => localExecutions({ folders }));
});

describe('on this machine', () => {
  test('a transient error is tried again, a permanent one is not', async () => {
    await run({ fails: 'SYS001' });
    expect(calls.count).toBe(3);
    calls.count = 0;
    await run({ fails: 'M012' });
    expect(calls.count).toBe(1);
  });

  test('a cause is what Lambda sends: JSON with type, message and trace', async () => {
    const result = await run({ fails: 'M012' });
    expect(JSON.parse(result.cause!)).toEqual({
      errorType: 'M012',
      errorMessage: expect.stringContaining('orders needs patients'),
      trace: expect.any(Array),
    });
  });

  test('an execution that failed is recorded once', async () => {
    await run({ fails: 'M012' });
    expect(recorded).toEqual([{ execution: 'one', error: { Error: 'M012', Cause: expect.any(String) } }]);
  });

  test('an execution that was stopped is recorded as well, as the rule on aborted executions does in AWS', async () => {
    const executions = localExecutions({ folders });
    await executions.start('tiny', 'one', { untilStopped: true });
    await executions.stop('one');
    expect(await executions.wait('one')).toMatchObject({ status: 'ABORTED', error: 'M013' });
    expect(recorded).toEqual([
      { execution: 'one', error: { Error: 'M013', Cause: expect.stringContaining('Stopped on request') } },
    ]);
  });

  test('more than 256 KiB of state ends the execution past every catch, and that is recorded', async () => {
    const result = await run({ large: 262_144 });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect(recorded).toHaveLength(1);
  });

  test('results are told as they come', async () => {
    const seen: string[] = [];
    const executions = localExecutions({ folders, observe: (execution, state) => seen.push(`${execution} ${state}`) });
    await executions.start('tiny', 'one', { wanted: 2 });
    await executions.wait('one');
    expect(seen).toEqual(['one Begin', 'one WorkOn', 'one WorkOn']);
  });

  test('what it adds to the time of its handlers is under 2 % of steps of 50 ms', async () => {
    const started = performance.now();
    await run({ wanted: 1_000 });
    // A thousand rounds of a handler that does nothing: what remains is the runner's own.
    expect((performance.now() - started) / 1_000).toBeLessThan(1);
  });
});

describe('a machine that would not run as in AWS', () => {
  test('is refused when a Task has no handler', async () => {
    const elsewhere = { ...folders, functions: join(folder, 'definitions') };
    await expect(loadMachine('tiny', elsewhere)).rejects.toThrow(/no handler for Begin, WorkOn, FailTiny/);
  });

  test('is refused when there is no definition', async () => {
    await expect(loadMachine('absent', folders)).rejects.toThrow(/absent\.asl\.json/);
  });

  test('is refused when it has a field outside the subset', async () => {
    await expect(loadMachine('outside', folders)).rejects.toThrow(
      /Beside: Parallel is not run alike.*Begin: HeartbeatSeconds of a Task/,
    );
  });
});

test.each([
  ['MigrateSlice', 'migrate-slice'],
  ['PlanMigration', 'plan-migration'],
  ['EachS3Object', 'each-s3-object'],
])('the handler of %s is %s.ts', (state, file) => {
  expect(handlerFile({ definitions: '', functions: '/f' }, 'migration', state)).toBe(`/f/migration/${file}.ts`);
});
