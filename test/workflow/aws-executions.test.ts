// The port on Step Functions: the real client over HTTP, in front of the interpreter that runs the same definitions.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SFNClient } from '@aws-sdk/client-sfn';
import { localExecutions } from '../../cli/local/executions.ts';
import { CLIENT } from '../../shared/aws/client.ts';
import { awsExecutions, type AwsExecutions } from '../../shared/aws/executions.ts';
import type { PortageError } from '../../shared/domain/errors.ts';
import { clientOf, fault, times } from '../support/aws/endpoint.ts';
import { statesService, type StatesService } from '../support/aws/states-service.ts';
import { executionsContract } from './executions-contract.ts';

const folder = join(import.meta.dirname, 'local-runner');
const folders = { definitions: join(folder, 'definitions'), functions: join(folder, 'functions') };
const deployed = new Map(
  ['portage-dev-migration', 'portage-dev-operation', 'portage-dev-tiny', 'portage-prod-operation', 'other'].map(
    (name) => [name, 'tiny'],
  ),
);

let service: StatesService;
const made: AwsExecutions[] = [];
/** Without waiting between two looks. */
const connect = (environment = 'dev'): AwsExecutions => {
  const client = new SFNClient({ ...CLIENT, ...clientOf(service.url) });
  const executions = awsExecutions(environment, client, () => new Promise((done) => setTimeout(done, 5)));
  made.push(executions);
  return executions;
};
beforeAll(async () => void (service = await statesService(deployed, localExecutions({ folders }))));
afterAll(async () => {
  for (const executions of made) executions.close();
  await service.close();
});
beforeEach(() => void (service.calls.length = 0));

const errorOf = (work: Promise<unknown>): Promise<PortageError> =>
  work.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as PortageError,
  );
let serial = 0;
const unique = (): string => `one-${++serial}`;

describe('the port on Step Functions', () => {
  executionsContract(() => connect());
});

describe('an environment', () => {
  test('that is not deployed is told with those that are', async () => {
    expect(await errorOf(connect('staging').start('tiny', unique(), {}))).toMatchObject({
      ...{ code: 'SYS009', exit: 2, message: expect.stringContaining('portage-staging-tiny') },
      facts: { got: 'deployed here: dev, prod', where: '--env staging' },
      next: expect.stringContaining('cdk deploy'),
    });
  });

  test('that lacks one machine is older than this program', async () => {
    expect(await errorOf(connect('prod').start('tiny', unique(), {}))).toMatchObject({
      ...{ code: 'SYS009', next: expect.stringContaining('newer than what is deployed') },
    });
  });

  test('is looked for once, through all pages', async () => {
    const executions = connect();
    for (const name of [unique(), unique()]) {
      await executions.start('tiny', name, {});
      await executions.wait(name);
    }
    expect(service.calls.filter((call) => call.startsWith('List'))).toHaveLength(3);
  });
});

describe('what goes wrong on the way:', () => {
  const throttled = fault(400, 'ThrottlingException', 'Rate exceeded');

  test('a start that was throttled, or whose answer was lost, is one execution', async () => {
    const name = unique();
    service.trouble(/StartExecution/, throttled, 'answer, then hang up');
    const executions = connect();
    await executions.start('tiny', name, { untilStopped: true });
    expect(service.calls.filter((call) => call.startsWith('Start'))).toHaveLength(3);
    await executions.stop(name);
    expect(await executions.wait(name)).toMatchObject({ status: 'ABORTED', error: 'M013' });
  });

  test('an execution is followed through a service that throttles and a network that is gone for a while', async () => {
    const name = unique();
    const executions = connect();
    await executions.start('tiny', name, {});
    service.trouble(/DescribeExecution/, ...times(4, throttled), ...times(4, 'hang up' as const));
    expect(await executions.wait(name)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('rights that are lost while it is followed end the command and not the execution', async () => {
    const name = unique();
    const executions = connect();
    await executions.start('tiny', name, {});
    service.trouble(/DescribeExecution/, fault(400, 'ExpiredTokenException', 'The security token is expired'));
    expect(await errorOf(executions.wait(name))).toMatchObject({
      ...{ code: 'SYS010', message: expect.stringContaining('goes on without this command') },
      facts: { where: executions.arnOf(name) },
    });
    expect(await executions.wait(name)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('a right that is missing names the action', async () => {
    service.trouble(
      /ListStateMachines/,
      fault(400, 'AccessDeniedException', 'not authorized to perform: states:ListStateMachines'),
    );
    const executions = connect();
    expect(await errorOf(executions.start('tiny', unique(), {}))).toMatchObject({
      ...{ code: 'SYS010', message: 'AWS does not allow listing state machines' },
      facts: { got: expect.stringContaining('states:ListStateMachines') },
    });
    // Once it is granted, the same command goes on.
    const name = unique();
    await executions.start('tiny', name, {});
    expect(await executions.wait(name)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('a right to stop that is missing is told, and the execution goes on', async () => {
    const name = unique();
    const executions = connect();
    await executions.start('tiny', name, { untilStopped: true });
    service.trouble(
      /StopExecution/,
      fault(400, 'AccessDeniedException', 'not authorized to perform: states:StopExecution'),
    );
    expect(await errorOf(executions.stop(name))).toMatchObject({
      ...{ code: 'SYS010', message: 'AWS does not allow stopping the execution' },
      facts: { got: expect.stringContaining('states:StopExecution'), where: executions.arnOf(name) },
    });
    expect(service.executions.get(name)).toMatchObject({ status: 'RUNNING' });
    await executions.stop(name);
  });

  test('a start beyond what the account may have, and a machine that is being removed, are told', async () => {
    service.trouble(
      /StartExecution/,
      fault(400, 'ExecutionLimitExceeded', 'too many'),
      fault(400, 'StateMachineDeleting', 'going'),
    );
    const executions = connect();
    expect(await errorOf(executions.start('tiny', unique(), {}))).toMatchObject({ code: 'SYS011', exit: 3 });
    expect(await errorOf(executions.start('tiny', unique(), {}))).toMatchObject({ code: 'SYS009', exit: 2 });
  });

  test('no credentials and no region are told as such', async () => {
    const nobody = awsExecutions(
      'dev',
      new SFNClient({
        ...CLIENT,
        ...clientOf(service.url),
        credentials: () =>
          Promise.reject(
            Object.assign(new Error('Could not load credentials from any providers'), {
              name: 'CredentialsProviderError',
            }),
          ),
      }),
    );
    made.push(nobody);
    expect(await errorOf(nobody.start('tiny', unique(), {}))).toMatchObject({
      ...{ code: 'SYS010', message: 'AWS does not know who asks, listing state machines' },
      next: expect.stringContaining('aws sso login'),
    });
  });

  test.each([
    ['ABORTED', 'M013'],
    ['TIMED_OUT', 'States.Timeout'],
    ['FAILED', 'SYS008'],
  ] as const)('an execution that ended %s without a word from it has a code', async (status, error) => {
    const name = unique();
    const executions = connect();
    await executions.start('tiny', name, { untilStopped: true });
    const kept = service.executions.get(name)!;
    await kept.stop();
    kept.status = status;
    Reflect.deleteProperty(kept, 'error');
    Reflect.deleteProperty(kept, 'cause');
    expect(await executions.wait(name)).toMatchObject({ status, output: null, error, cause: expect.any(String) });
  });
});
