/** The port `Schedules` on EventBridge Scheduler: one schedule a job, in the group of the environment. */
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  paginateListSchedules,
  SchedulerClient,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
  type GetScheduleCommandOutput,
} from '@aws-sdk/client-scheduler';
import type { SchedulerConfig } from '../config/scheduler.ts';
import { PortageError } from '../domain/errors.ts';
import type { FoundSchedule, JobSchedule, Schedules } from '../operations/ports.ts';
import { awsError, CLIENT, nameOf } from './client.ts';

/** A start that comes later than this is worth no more than the next one; then it goes to the dead letters. */
const RETRIES = { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 30 };
/** EventBridge refuses a beginning that lies further back. */
const LATEST_START_MS = 4 * 60_000;
/** Somebody else made or removed it between two calls: seldom, and never for long. */
const ATTEMPTS = 3;

export function awsSchedules(
  { group, roleArn, machineArn, deadLetterArn }: SchedulerConfig,
  client = new SchedulerClient(CLIENT),
): Schedules {
  const target = (name: string) => ({
    Arn: machineArn,
    RoleArn: roleArn,
    Input: inputOf(name),
    DeadLetterConfig: { Arn: deadLetterArn },
    RetryPolicy: RETRIES,
  });
  const requestOf = (schedule: JobSchedule, token: string): CreateScheduleCommandInput => ({
    Name: schedule.name,
    GroupName: group,
    Description: `Portage: starts the job ${schedule.name}`,
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: schedule.timezone,
    State: schedule.enabled ? 'ENABLED' : 'DISABLED',
    ...startOf(schedule),
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: target(schedule.name),
    ClientToken: token,
  });
  const get = async (name: string): Promise<GetScheduleCommandOutput | null> => {
    try {
      return await client.send(new GetScheduleCommand({ Name: name, GroupName: group }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw awsError(error, 'reading a schedule', `${group}/${name}`);
    }
  };
  return {
    async names() {
      try {
        const names: string[] = [];
        for await (const page of paginateListSchedules({ client }, { GroupName: group }))
          names.push(...(page.Schedules ?? []).flatMap(({ Name }) => Name ?? []));
        return names.sort();
      } catch (error) {
        throw isMissing(error) ? notDeployed(group, error) : awsError(error, 'listing schedules', group);
      }
    },
    async find(name) {
      const found = await get(name);
      return found && foundOf(name, found, target(name));
    },
    async put(schedule, token) {
      for (let attempt = 1; ; attempt++) {
        const request = requestOf(schedule, token);
        const there = await get(schedule.name);
        try {
          // An update replaces all of it, so nothing of what somebody else wrote stays.
          await (there === null
            ? client.send(new CreateScheduleCommand(request))
            : client.send(new UpdateScheduleCommand(request)));
          return;
        } catch (error) {
          const crossed = nameOf(error) === 'ConflictException' || isMissing(error);
          if (crossed && attempt < ATTEMPTS) continue;
          if (isMissing(error)) throw notDeployed(group, error);
          throw refused(error, `writing the schedule ${schedule.name}`, `${group}/${schedule.name}`);
        }
      }
    },
    async remove(name, token) {
      try {
        await client.send(new DeleteScheduleCommand({ Name: name, GroupName: group, ClientToken: token }));
      } catch (error) {
        if (!isMissing(error)) throw refused(error, `removing the schedule ${name}`, `${group}/${name}`);
      }
    },
  };
}

/** What the machine is started with; EventBridge puts the time in which it was to fire, so that two starts of one time are known. */
const inputOf = (name: string): string =>
  JSON.stringify({ jobName: name, scheduledTime: '<aws.scheduler.scheduled-time>' });

const isMissing = (error: unknown): boolean => nameOf(error) === 'ResourceNotFoundException';

function startOf({ startsAt }: JobSchedule): { readonly StartDate?: Date } {
  if (startsAt === null) return {};
  const start = new Date(startsAt);
  return start.getTime() < Date.now() - LATEST_START_MS ? {} : { StartDate: start };
}

const notDeployed = (group: string, cause: unknown): PortageError =>
  new PortageError(
    'SYS009',
    'there is no schedule group',
    { got: 'nothing', expected: group, where: group },
    { cause },
  );

/** What EventBridge finds wrong with a schedule that this program has read is a schedule that cannot be, not a defect. */
function refused(error: unknown, doing: string, where: string): unknown {
  const got = error instanceof Error ? error.message : String(error);
  const raise = (code: 'S004' | 'SYS010' | 'SYS011', message: string): PortageError =>
    new PortageError(code, message, { got, where }, { cause: error });
  switch (nameOf(error)) {
    case 'ValidationException':
      return raise('S004', 'EventBridge Scheduler does not take the schedule');
    case 'ServiceQuotaExceededException':
      return raise('SYS010', 'the account has as many schedules as it may have');
    case 'ConflictException':
      return raise('SYS011', `somebody else changes it, ${doing} did not succeed`);
    default:
      return awsError(error, doing, where);
  }
}

function foundOf(
  name: string,
  found: GetScheduleCommandOutput,
  wanted: {
    readonly Arn: string;
    readonly RoleArn: string;
    readonly Input: string;
    readonly DeadLetterConfig: { readonly Arn: string };
  },
): FoundSchedule {
  const { Target: target } = found;
  const differ = (what: string, is: string | undefined, should: string): readonly string[] =>
    is === should ? [] : [`${what} ${is ?? 'nothing'} instead of ${should}`];
  return {
    name,
    expression: found.ScheduleExpression ?? '',
    timezone: found.ScheduleExpressionTimezone ?? 'UTC',
    enabled: found.State === 'ENABLED',
    startsAt: found.StartDate?.toISOString() ?? null,
    deviations: [
      ...differ('starts', target?.Arn, wanted.Arn),
      ...differ('in the name of', target?.RoleArn, wanted.RoleArn),
      ...differ('with the input', target?.Input, wanted.Input),
      ...differ('sends dead letters to', target?.DeadLetterConfig?.Arn, wanted.DeadLetterConfig.Arn),
      ...differ('has a flexible time window', found.FlexibleTimeWindow?.Mode, 'OFF'),
      ...(found.EndDate === undefined ? [] : [`ends at ${found.EndDate.toISOString()}`]),
    ],
  };
}
