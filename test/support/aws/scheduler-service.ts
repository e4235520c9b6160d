// EventBridge Scheduler behind its protocol (REST with JSON): schedules in groups, tokens that are remembered, and its
// validations as far as a schedule of ours can meet them.
import { endpoint, fault, type Answer, type Call, type Endpoint } from './endpoint.ts';

export interface StoredSchedule {
  readonly Name: string;
  readonly GroupName: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly State?: string;
  readonly StartDate?: number;
  readonly EndDate?: number;
  readonly FlexibleTimeWindow?: { readonly Mode: string };
  readonly Target?: {
    readonly Arn: string;
    readonly RoleArn: string;
    readonly Input?: string;
    readonly DeadLetterConfig?: { readonly Arn: string };
    readonly RetryPolicy?: object;
  };
  readonly ClientToken?: string;
}

export interface SchedulerService extends Endpoint {
  /** By `group/name`, to look at and to edit behind everybody's back. */
  readonly schedules: Map<string, StoredSchedule>;
  readonly groups: Set<string>;
}

const PAGE = 100;
const OPERATIONS: Readonly<Record<string, string>> = { POST: 'Create', GET: 'Get', PUT: 'Update', DELETE: 'Delete' };

export async function schedulerService(...groups: readonly string[]): Promise<SchedulerService> {
  const schedules = new Map<string, StoredSchedule>();
  const known = new Set(groups);
  /** What each token was used for: the same request again has had its effect. */
  const tokens = new Map<string, string>();
  const nameIn = (call: Call): string => /^\/schedules\/(.+)$/.exec(call.path)?.[1] ?? '';
  const at = await endpoint({
    signedFor: 'scheduler',
    name: (call) =>
      call.path === '/schedules' ? 'ListSchedules' : `${OPERATIONS[call.method] ?? ''}Schedule ${nameIn(call)}`,
    error: ({ type, message }) => ({ headers: { 'x-amzn-errortype': type }, body: { Message: message } }),
    answer(call) {
      const body = call.body as Partial<StoredSchedule>;
      const group = body.GroupName ?? call.query.get('groupName') ?? call.query.get('ScheduleGroup') ?? 'default';
      if (!known.has(group)) return missing(`Schedule Group ${group} does not exist.`);
      if (call.path === '/schedules') return page(group, call.query);
      const name = nameIn(call);
      const key = `${group}/${name}`;
      const token = body.ClientToken ?? call.query.get('clientToken');
      const request = JSON.stringify([call.method, key, body]);
      if (token !== null && call.method !== 'GET') {
        const before = tokens.get(`${call.method} ${token}`);
        if (before !== undefined && before !== request)
          return fault(409, 'ConflictException', 'The token was used with other parameters.');
        if (before !== undefined) return { status: 200, body: {} };
      }
      const done = change(call.method, key, { ...body, Name: name, GroupName: group } as StoredSchedule);
      if (done.status === 200 && token !== null && call.method !== 'GET')
        tokens.set(`${call.method} ${token}`, request);
      return done;
    },
  });
  const missing = (message: string): Answer => fault(404, 'ResourceNotFoundException', message);

  function change(method: string, key: string, schedule: StoredSchedule): Answer {
    const there = schedules.get(key);
    if (method === 'POST' && there !== undefined)
      return fault(409, 'ConflictException', `Schedule ${schedule.Name} already exists.`);
    if (method !== 'POST' && there === undefined) return missing(`Schedule ${schedule.Name} does not exist.`);
    if (method === 'GET') return { status: 200, body: there };
    if (method === 'DELETE') {
      schedules.delete(key);
      return { status: 200, body: {} };
    }
    const why = invalid(schedule);
    if (why !== null) return fault(400, 'ValidationException', why);
    schedules.set(key, schedule);
    return { status: 200, body: { ScheduleArn: `arn:aws:scheduler:eu-central-1:111122223333:schedule/${key}` } };
  }

  function page(group: string, query: URLSearchParams): Answer {
    const all = [...schedules.values()].filter(({ GroupName }) => GroupName === group);
    const from = Number(query.get('NextToken') ?? 0);
    const more = all.length > from + PAGE ? { NextToken: String(from + PAGE) } : {};
    return {
      status: 200,
      body: {
        Schedules: all.slice(from, from + PAGE).map(({ Name, State }) => ({ Name, GroupName: group, State })),
        ...more,
      },
    };
  }

  return Object.assign(at, { schedules, groups: known });
}

const CRON = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/;

function invalid(schedule: StoredSchedule): string | null {
  const { Name: name, ScheduleExpression: expression, StartDate: start } = schedule;
  if (!/^[0-9a-zA-Z\-_.]{1,64}$/.test(name)) return 'Invalid Schedule Name.';
  if (expression.length > 256) return 'Invalid Schedule Expression.';
  const cron = CRON.exec(expression);
  // One of the two, and only one, must say that it says nothing.
  if (cron !== null && (cron[3] === '?') === (cron[5] === '?')) return `Invalid Schedule Expression ${expression}.`;
  if (cron === null && !/^rate\((1 (minute|hour|day)|([2-9]|\d{2,}) (minutes|hours|days))\)$/.test(expression))
    return `Invalid Schedule Expression ${expression}.`;
  if (start !== undefined && start * 1000 < Date.now() - 300_000)
    return 'The StartDate you specify cannot be earlier than 5 minutes ago.';
  if (schedule.FlexibleTimeWindow === undefined || schedule.Target === undefined) return 'Missing a required member.';
  return null;
}
