// The command line against a deployed environment, end to end: words in, AWS clients over HTTP, the machines with their real
// handlers behind it, the same tables, documents and exit statuses out.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { processIo, type Io } from '../../cli/io.ts';
import { localExecutions } from '../../cli/local/executions.ts';
import { runCommandLine } from '../../cli/run.ts';
import { awsProgress } from '../../shared/aws/progress.ts';
import { fault, times } from '../support/aws/endpoint.ts';
import { statesService, type StatesService } from '../support/aws/states-service.ts';
import { under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let service: StatesService;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  const machines = new Map([
    ['portage-dev-migration', 'migration'],
    ['portage-dev-operation', 'operation'],
    ['portage-prod-operation', 'operation'],
  ]);
  service = await statesService(
    machines,
    localExecutions({ observe: (execution, _state, result) => service.observe(execution, result) }),
  );
});
afterAll(async () => {
  await service.close();
  await p.end();
});
beforeEach(() => void (service.calls.length = 0));

const credentials = () => ({
  ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  AWS_ENDPOINT_URL_SFN: service.url,
});

interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}
/** One command line; `during` runs beside it and may interrupt it. An empty variable is one that is not there. */
async function say(
  line: string,
  during?: (interrupt: () => Promise<void>) => Promise<void>,
  variables: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const said = { out: '', err: '' };
  const listeners = new Set<() => void>();
  const plain = (_: string, text: string): string => text;
  const io: Io = {
    ...processIo,
    ...{ terminal: false, paint: plain, paintError: plain },
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return under({ ...credentials(), ...variables }, async () => {
    for (const [name, value] of Object.entries(variables)) if (value === '') Reflect.deleteProperty(process.env, name);
    const running = runCommandLine(line.split(' '), io, () => undefined);
    await during?.(async () => {
      while (listeners.size === 0) await sleep(5);
      listeners.forEach((listener) => listener());
    });
    return { exit: await running, ...said };
  });
}
const json = async (line: string): Promise<{ exit: number; answer: Record<string, unknown> }> => {
  const { exit, out } = await say(`${line} --json`);
  return { exit, answer: JSON.parse(out) as Record<string, unknown> };
};
/** The execution that the command started, as soon as it has. */
async function started() {
  for (;;) {
    const running = [...service.executions.values()].find(({ status }) => status === 'RUNNING');
    if (running !== undefined) return running;
    await sleep(10);
  }
}

describe('a command with --env', () => {
  test('migrates there, and prints what it would print here', async () => {
    const { exit, out } = await say('differential-migration migrate --env dev');
    expect(out).toMatch(/^diff_migration_\d{8}_\d{6} \(batch_\d{8}\): completed\n\nEntity +Read +Inserted/);
    expect(out).toMatch(/doctors +20 +20/);
    expect(exit).toBe(0);
    expect(service.calls.slice(0, 3)).toEqual([
      'ListStateMachines',
      'ListStateMachines',
      expect.stringMatching(/^StartExecution portage-dev-migration$/),
    ]);
    expect(await p.value('SELECT count(*) FROM doctors')).toBe('20');
  });

  test('with --json prints one document, the answer of the machine', async () => {
    const { exit, answer } = await json('migration-analyzer checkpoint-status --env dev');
    expect(exit).toBe(0);
    expect(answer).toMatchObject({
      checkpoints: expect.arrayContaining([expect.objectContaining({ entity: 'doctors' })]),
    });
  });

  test('that finds something wrong ends with its own status', async () => {
    await p.run('source', "INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (99, 'Lost', 77)");
    expect((await json('differential-migration migrate --entities doctors --env dev')).exit).toBe(1);
    expect((await say('differential-migration set-aside --entity all --env dev')).out).toMatch(/M003 .*99/);
    await p.run('source', 'DELETE FROM doctor WHERE doc_no = 99');
  });

  test('that is refused there is told as here: code, facts, what to do, exit status', async () => {
    const { exit, err, out } = await say('differential-migration migrate --entities docters --env dev');
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^SYS002 .*there is no entity docters; did you mean "doctors"\?\n {2}got {7}docters/);
    expect(await json('differential-migration migrate --entities docters --env dev')).toMatchObject({
      exit: 2,
      answer: { error: { code: 'SYS002', detail: { got: 'docters' } } },
    });
  });

  test('says of start that EventBridge does it, or who else', async () => {
    const { exit, answer } = await json('sync-scheduler start --env dev');
    expect([exit, answer]).toEqual([0, expect.objectContaining({ scheduler: 'local', jobs: 0 })]);
  });

  test('does not take a map: the deployed one counts', async () => {
    const { exit, err } = await say('differential-migration migrate --env dev --map m.json');
    expect([exit, err]).toEqual([2, expect.stringContaining('contradict')]);
    expect(service.calls).toEqual([]);
  });

  test('cannot write a file of yours', async () => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'portage-dev-operation-InspectLedger';
    try {
      const { exit, err } = await say('differential-migration set-aside --entity all --output aside.csv --env dev');
      expect([exit, err]).toEqual([2, expect.stringContaining('a deployed environment has no folder of yours')]);
    } finally {
      Reflect.deleteProperty(process.env, 'AWS_LAMBDA_FUNCTION_NAME');
    }
  });

  test('and --no-wait tells its operation, and leaves it running', async () => {
    const { exit, answer } = await json('differential-migration migrate --no-wait --env dev');
    expect(exit).toBe(0);
    expect(answer).toMatchObject({
      operationId: expect.stringMatching(/^diff_migration_/),
      status: 'running',
      execution: expect.stringContaining(':execution:portage-dev-migration:migrate-'),
    });
    const name = String(answer['execution']).split(':').at(-1)!;
    while (service.executions.get(name)!.status === 'RUNNING') await sleep(20);
    expect(service.executions.get(name)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('what is not as it should be:', () => {
  test('an environment that is not deployed, with those that are', async () => {
    const { exit, err } = await say('migration-analyzer checkpoint-status --env staging');
    expect(exit).toBe(2);
    expect(err).toMatch(/^SYS009 Not deployed: there is no state machine portage-staging-operation/);
    expect(err).toContain('deployed here: dev, prod');
  });

  test('a right that is missing', async () => {
    service.trouble(
      /StartExecution/,
      fault(400, 'AccessDeniedException', 'not authorized to perform: states:StartExecution'),
    );
    const { exit, err } = await say('migration-analyzer checkpoint-status --env dev');
    expect([exit, err]).toEqual([
      3,
      expect.stringMatching(/^SYS010 AWS refuses: AWS does not allow starting an execution/),
    ]);
    expect(err).toContain('states:StartExecution');
  });

  test('keys that have expired', async () => {
    service.trouble(/ListStateMachines/, fault(400, 'ExpiredTokenException', 'The security token is expired'));
    expect(await json('migration-analyzer checkpoint-status --env dev')).toMatchObject({
      exit: 3,
      answer: { error: { code: 'SYS010', next: expect.stringContaining('sso login') } },
    });
  });

  const nowhere = { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere', AWS_EC2_METADATA_DISABLED: 'true' }; // prettier-ignore
  test.each([
    ['no region', { AWS_REGION: '' }, /^SYS010 AWS refuses: no region is named.*\n[^]*export AWS_REGION/],
    [
      'a region that is none',
      { AWS_REGION: 'eu central' },
      /^SYS010 AWS refuses: no region is named.*\n[^]*export AWS_REGION/,
    ],
    [
      'no credentials',
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      /^SYS010 AWS refuses: AWS does not know who asks[^]*aws sso login/,
    ],
    ['a profile that there is not', { AWS_PROFILE: 'portage-dve', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, /^SYS010 AWS refuses: AWS does not know who asks/], // prettier-ignore
  ])('%s, before anything is called', async (_, variables, told) => {
    const { exit, err } = await say('migration-analyzer checkpoint-status --env dev', undefined, { ...nowhere, ...variables }); // prettier-ignore
    expect([exit, err]).toEqual([3, expect.stringMatching(told)]);
    expect(service.calls).toEqual([]);
  });

  test('nothing that answers at all', async () => {
    const { exit, err } = await say('migration-analyzer checkpoint-status --env dev', undefined, { AWS_ENDPOINT_URL_SFN: 'http://127.0.0.1:1' }); // prettier-ignore
    expect([exit, err]).toEqual([3, expect.stringMatching(/^SYS011 AWS does not answer/)]);
  });

  test('a service that throttles for a while is no trouble, and one that goes on is told', async () => {
    const throttled = fault(400, 'ThrottlingException', 'Rate exceeded');
    service.trouble(/DescribeExecution/, ...times(3, throttled));
    expect((await say('migration-analyzer checkpoint-status --env dev')).exit).toBe(0);
    service.trouble(/StartExecution/, ...times(4, throttled));
    const { exit, err } = await say('migration-analyzer checkpoint-status --env dev');
    expect([exit, err]).toEqual([3, expect.stringMatching(/^SYS011 AWS does not answer/)]);
  });

  test.each([
    ['aborted in the console', { status: 'ABORTED' }, /^M013 Stopped on request/],
    [
      'timed out',
      { status: 'TIMED_OUT', error: 'States.Timeout', cause: 'too late' },
      /^M002 .*States.Timeout: too late/,
    ],
    [
      'failed beyond its own catch',
      { status: 'FAILED', error: 'States.Runtime', cause: 'no such path' },
      /^SYS008 .*States.Runtime/,
    ],
  ] as const)('an execution that was %s', async (_, end, told) => {
    const ended = say('differential-migration migrate --env dev', async () => {
      const execution = await started();
      Object.assign(execution, end);
      await execution.stop();
    });
    expect(await ended).toMatchObject({ exit: 3, err: expect.stringMatching(told) });
  });

  test('Ctrl-C stops the execution, and the command says how it ended', async () => {
    // Somebody holds the table, so that it cannot be done before.
    await p.run('target', 'BEGIN; LOCK TABLE portage.migration_checkpoints');
    const { exit, err } = await say('differential-migration migrate --env dev', (interrupt) => interrupt()).finally(
      () => p.run('target', 'ROLLBACK'),
    );
    expect(exit).toBe(3);
    expect(err).toMatch(/Stopping at the next batch border.*\nM013 Stopped on request/);
    expect(service.calls.some((call) => call.startsWith('StopExecution'))).toBe(true);
  });
});

describe('the history of an execution', () => {
  test('of a migration that ran says of each entity that it is complete', async () => {
    await service.settled();
    await p.empty();
    await say('differential-migration migrate --env dev');
    const name = [...service.executions.keys()].at(-1)!;
    const arn = `arn:aws:states:eu-central-1:111122223333:execution:portage-dev-migration:${name}`;
    const seen = await under(credentials(), () => awsProgress(() => arn).progress(name));
    expect(seen!.operationId).toMatch(/^diff_migration_/);
    expect(seen!.entities.map(({ entity }) => entity)).toContain('doctors');
    for (const entity of seen!.entities)
      expect(entity).toMatchObject({ status: 'completed', rowsDone: entity.rowsTotal });
  });
});
