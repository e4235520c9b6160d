// The port on EventBridge Scheduler: the real client over HTTP, with everything that goes wrong on the way.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { awsSchedules } from '../../shared/aws/schedules.ts';
import { CLIENT } from '../../shared/aws/client.ts';
import type { PortageError } from '../../shared/domain/errors.ts';
import type { Schedules } from '../../shared/operations/ports.ts';
import { clientOf, fault, times } from '../support/aws/endpoint.ts';
import { schedulerService, type SchedulerService, type StoredSchedule } from '../support/aws/scheduler-service.ts';
import { schedulesContract } from './schedules-contract.ts';

const group = {
  group: 'portage-dev',
  roleArn: 'arn:aws:iam::111122223333:role/scheduler',
  machineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:portage-dev-synchronization',
  deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:portage-dev-scheduler-dead-letters',
};
const nightly = {
  name: 'nightly',
  expression: 'cron(0 2 * * ? *)',
  timezone: 'Europe/Berlin',
  enabled: true,
  startsAt: null,
};

let service: SchedulerService;
let schedules: Schedules;
const clients: SchedulerClient[] = [];
const connect = (): Schedules => {
  const client = new SchedulerClient({ ...CLIENT, ...clientOf(service.url) });
  clients.push(client);
  return awsSchedules(group, client);
};
beforeAll(async () => void (service = await schedulerService()));
afterAll(async () => {
  for (const client of clients) client.destroy();
  await service.close();
});
beforeEach(() => {
  service.schedules.clear();
  service.groups.clear();
  service.groups.add('portage-dev');
  service.calls.length = 0;
  schedules = connect();
});
const stored = (): StoredSchedule => service.schedules.get('portage-dev/nightly')!;
const edit = (change: Partial<StoredSchedule>): void =>
  void service.schedules.set('portage-dev/nightly', { ...stored(), ...change });
const errorOf = (work: Promise<unknown>): Promise<PortageError> =>
  work.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as PortageError,
  );
let serial = 0;
const token = (): string => `another-${++serial}`;

describe('the port on EventBridge Scheduler', () => {
  schedulesContract(() => {
    service.schedules.clear();
    return Promise.resolve(connect());
  });
});

describe('a schedule on EventBridge Scheduler', () => {
  test('starts the synchronization machine with the job and its time, and leaves dead letters', async () => {
    await schedules.put(nightly, 'id-1');
    expect(stored()).toMatchObject({
      ...{ ScheduleExpression: 'cron(0 2 * * ? *)', ScheduleExpressionTimezone: 'Europe/Berlin', State: 'ENABLED' },
      ...{ FlexibleTimeWindow: { Mode: 'OFF' }, ClientToken: 'id-1' },
      Target: {
        ...{ Arn: group.machineArn, RoleArn: group.roleArn, DeadLetterConfig: { Arn: group.deadLetterArn } },
        RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 30 },
      },
    });
    expect(JSON.parse(stored().Target!.Input!)).toEqual({
      jobName: 'nightly',
      scheduledTime: '<aws.scheduler.scheduled-time>',
    });
    expect(service.calls).toEqual(['GetSchedule nightly', 'CreateSchedule nightly']);
  });

  test('that somebody edited in the console deviates, whatever he edited', async () => {
    await schedules.put(nightly, token());
    const edits: readonly (readonly [Partial<StoredSchedule>, string])[] = [
      [{ Target: { ...stored().Target!, Arn: 'arn:aws:lambda:x' } }, 'starts arn:aws:lambda:x'],
      [{ Target: { ...stored().Target!, RoleArn: 'arn:aws:iam::1:role/other' } }, 'in the name of'],
      [{ Target: { ...stored().Target!, Input: '{}' } }, 'with the input {}'],
      [{ Target: { ...stored().Target!, DeadLetterConfig: { Arn: 'arn:aws:sqs:x' } } }, 'dead letters'],
      [{ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'flexible time window'],
      [{ EndDate: 1_800_000_000 }, 'ends at 2027-01-15'],
    ];
    const before = stored();
    for (const [change, deviation] of edits) {
      service.schedules.set('portage-dev/nightly', before);
      edit(change);
      expect((await schedules.find('nightly'))!.deviations).toEqual([expect.stringContaining(deviation)]);
      await schedules.put(nightly, token());
      expect(await schedules.find('nightly')).toMatchObject({ deviations: [] });
      expect(stored()).not.toHaveProperty('EndDate');
    }
  });

  test('of a rate whose beginning has passed is written without it: EventBridge would refuse it', async () => {
    const rate = { ...nightly, expression: 'rate(1 hour)', startsAt: new Date(Date.now() - 3_600_000).toISOString() };
    await schedules.put(rate, token());
    expect(stored()).not.toHaveProperty('StartDate');
  });

  test('in another group is none of ours', async () => {
    service.groups.add('portage-prod');
    service.schedules.set('portage-prod/nightly', {
      Name: 'nightly',
      GroupName: 'portage-prod',
      ScheduleExpression: 'rate(1 day)',
    });
    expect(await schedules.names()).toEqual([]);
    expect(await schedules.find('nightly')).toBeNull();
  });
});

describe('what goes wrong on the way:', () => {
  test('throttled or broken calls are tried again', async () => {
    service.trouble(/GetSchedule/, fault(429, 'ThrottlingException', 'Rate exceeded'), 'hang up');
    service.trouble(/CreateSchedule/, fault(500, 'InternalServerException', 'oops'));
    await schedules.put(nightly, token());
    expect(stored()).toBeDefined();
    expect(service.calls).toHaveLength(5);
  });

  test('a call whose answer was lost has its effect once', async () => {
    service.trouble(/CreateSchedule/, 'answer, then hang up');
    await schedules.put(nightly, token());
    expect(service.calls.filter((call) => call.startsWith('Create'))).toHaveLength(2);
    expect(service.schedules.size).toBe(1);
  });

  test('made by somebody else meanwhile, it is updated; removed meanwhile, it is made', async () => {
    service.trouble(/CreateSchedule/, fault(409, 'ConflictException', 'Schedule nightly already exists.'));
    await schedules.put(nightly, token());
    expect(stored()).toMatchObject({ State: 'ENABLED' });
    service.trouble(/UpdateSchedule/, fault(404, 'ResourceNotFoundException', 'Schedule nightly does not exist.'));
    await schedules.put({ ...nightly, enabled: false }, token());
    expect(stored()).toMatchObject({ State: 'DISABLED' });
  });

  test('a service that goes on throttling is SYS011, to be tried again later', async () => {
    service.trouble(/ListSchedules/, ...times(4, fault(429, 'ThrottlingException', 'Rate exceeded')));
    expect(await errorOf(schedules.names())).toMatchObject({
      code: 'SYS011',
      facts: { got: 'ThrottlingException: Rate exceeded', where: 'portage-dev' },
    });
  });

  test('a right that is missing is SYS010, and names what was to be done', async () => {
    service.trouble(
      /GetSchedule/,
      fault(403, 'AccessDeniedException', 'User is not authorized to perform: scheduler:GetSchedule'),
    );
    expect(await errorOf(schedules.find('nightly'))).toMatchObject({
      ...{ code: 'SYS010', message: 'AWS does not allow reading a schedule' },
      facts: { got: expect.stringContaining('scheduler:GetSchedule'), where: 'portage-dev/nightly' },
    });
  });

  test('keys that nobody knows any more are SYS010, with how to sign in', async () => {
    service.trouble(
      /GetSchedule/,
      fault(403, 'ExpiredTokenException', 'The security token included in the request is expired'),
    );
    expect(await errorOf(schedules.find('nightly'))).toMatchObject({
      code: 'SYS010',
      next: expect.stringContaining('aws sso login'),
    });
  });

  test('a group that is not there is SYS009: not deployed', async () => {
    service.groups.clear();
    expect(await errorOf(schedules.names())).toMatchObject({ code: 'SYS009', exit: 2 });
    expect(await errorOf(schedules.put(nightly, token()))).toMatchObject({ code: 'SYS009' });
  });

  test('what EventBridge finds invalid is S004 in its own words', async () => {
    expect(await errorOf(schedules.put({ ...nightly, expression: 'cron(0 2 * * * *)' }, token()))).toMatchObject({
      code: 'S004',
      facts: { got: expect.stringContaining('Invalid Schedule Expression') },
    });
  });

  test('an account that is full is told so', async () => {
    service.trouble(/CreateSchedule/, fault(402, 'ServiceQuotaExceededException', 'The account has 1000000 schedules'));
    expect(await errorOf(schedules.put(nightly, token()))).toMatchObject({ code: 'SYS010' });
  });
});
