/** Where the schedules of the jobs are kept when deployed: a group, and what each schedule starts, in whose name. All or nothing. */
import * as z from 'zod';
import { optional, type ConfigFault, type Environment } from './variables.ts';

export interface SchedulerConfig {
  /** The group of the environment. */
  readonly group: string;
  /** In whose name the machine is started. */
  readonly roleArn: string;
  /** The synchronization machine. */
  readonly machineArn: string;
  /** Where a start that failed for good is put. */
  readonly deadLetterArn: string;
}

const arn = (service: string, what: string) =>
  optional(z.string().regex(new RegExp(`^arn:[\\w-]+:${service}:`), `the ARN of ${what}`));

const variables = z.object({
  PORTAGE_SCHEDULE_GROUP: optional(z.string().regex(/^[\w.-]{1,64}$/, 'the name of a schedule group')),
  PORTAGE_SCHEDULE_ROLE_ARN: arn('iam', 'a role'),
  PORTAGE_SCHEDULE_MACHINE_ARN: arn('states', 'a state machine'),
  PORTAGE_SCHEDULE_DEAD_LETTER_ARN: arn('sqs', 'a queue'),
});
type Name = keyof typeof variables.shape;
const NAMES = Object.keys(variables.shape) as readonly Name[];

export function readScheduler(env: Environment): {
  readonly scheduler: SchedulerConfig | null;
  readonly faults: readonly ConfigFault[];
} {
  const parsed = variables.safeParse(env);
  const wrong = (parsed.error?.issues ?? []).map(({ path, message }) => fault(String(path[0]) as Name, env, message));
  if (parsed.data === undefined) return { scheduler: null, faults: wrong };
  const {
    PORTAGE_SCHEDULE_GROUP: group,
    PORTAGE_SCHEDULE_ROLE_ARN: roleArn,
    PORTAGE_SCHEDULE_MACHINE_ARN: machineArn,
    PORTAGE_SCHEDULE_DEAD_LETTER_ARN: deadLetterArn,
  } = parsed.data;
  if (group !== undefined && roleArn !== undefined && machineArn !== undefined && deadLetterArn !== undefined)
    return { scheduler: { group, roleArn, machineArn, deadLetterArn }, faults: [] };
  const missing = NAMES.filter((name) => parsed.data[name] === undefined);
  const faults =
    missing.length === NAMES.length
      ? []
      : missing.map((name) => fault(name, env, 'this one too: they belong together'));
  return { scheduler: null, faults };
}

const fault = (variable: Name, env: Environment, expected: string): ConfigFault => ({
  variable,
  got: env[variable] === undefined || env[variable] === '' ? 'nothing' : JSON.stringify(env[variable]),
  expected,
});
