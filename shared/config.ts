/**
 * The only reader of `process.env`. Everything is checked at once and all faults are reported together, because a person
 * who corrects a configuration one error at a time gives up before the last one.
 */
import * as z from 'zod';
import { PortageError } from './domain/errors.ts';
import { SETTING_NAMES, SETTINGS, variableOf, type Settings } from './domain/settings.ts';
import { readDatabase, type DatabaseConfig } from './config/database.ts';
import { readScheduler, type SchedulerConfig } from './config/scheduler.ts';
import { ofSetting, optional, wholeNumber, type ConfigFault, type Environment } from './config/variables.ts';

export { isOnThisMachine, type DatabaseConfig } from './config/database.ts';
export type { ConfigFault, Environment } from './config/variables.ts';

export interface Config {
  /** Null on both sides: the embedded PostgreSQL under `home` serves. */
  readonly source: DatabaseConfig | null;
  readonly target: DatabaseConfig | null;
  /** JSON map file; null: the map that ships. */
  readonly mapFile: string | null;
  readonly home: string;
  /** How long after its last heartbeat a dead owner's checkpoint can be taken over. */
  readonly leaseSeconds: number;
  /** Key of the HMAC that stands for values of sensitive columns. */
  readonly hashKey: string | null;
  /** How long a step works before it returns its progress. */
  readonly stepBudgetMs: number;
  /** Where EventBridge Scheduler keeps the schedules of the jobs; null: on this machine. */
  readonly scheduler: SchedulerConfig | null;
  /** What is set here wins over `settings` of the map. */
  readonly settings: Settings;
}

/** A day: no step, batch or lease is meant to take longer. */
const DAY_MS = 86_400_000;

const portageVariables = z.object({
  PORTAGE_MAP: optional(z.string()),
  PORTAGE_HOME: optional(z.string()),
  PORTAGE_HASH_KEY: optional(z.string().min(16, 'at least 16 characters')),
  PORTAGE_LEASE_SECONDS: optional(wholeNumber(1, 86_400)),
  PORTAGE_STEP_BUDGET_MS: optional(wholeNumber(100, DAY_MS)),
});

const settingVariables = z.object(
  Object.fromEntries(SETTING_NAMES.map((name) => [variableOf(name), optional(ofSetting(SETTINGS[name]))])),
);

/** Values that an error must not show. */
const UNSHOWN = new Set(['PORTAGE_HASH_KEY']);

/** Reads the configuration; any number of faults is one SYS002 that names every variable. */
export function readConfig(env: Environment = process.env): Config {
  const { config, faults } = checkConfig(env);
  if (config === null) throw configurationError(faults);
  return config;
}

/** The same without throwing, for `validate-config`, which adds the faults of the map before it answers. */
export function checkConfig(env: Environment = process.env): {
  readonly config: Config | null;
  readonly faults: readonly ConfigFault[];
  /** Told even where the rest is wrong, so that the map's faults can be added. */
  readonly mapFile: string | null;
} {
  const source = readDatabase('SOURCE_DB', env);
  const target = readDatabase('TARGET_DB', env);
  const scheduler = readScheduler(env);
  const parsed = portageVariables.safeParse(env);
  const given = settingVariables.safeParse(env);
  const faults = [
    ...source.faults,
    ...target.faults,
    ...missingSide(source.given, target.given),
    ...scheduler.faults,
    ...[...(parsed.error?.issues ?? []), ...(given.error?.issues ?? [])].map((issue) =>
      portageFault(String(issue.path[0]), issue.message, env),
    ),
  ];
  const mapFile = env['PORTAGE_MAP']?.trim() ? env['PORTAGE_MAP'] : null;
  if (faults.length > 0 || parsed.data === undefined || given.data === undefined)
    return { config: null, faults, mapFile };
  const own = parsed.data;
  return {
    faults,
    mapFile,
    config: {
      source: source.database,
      target: target.database,
      mapFile,
      home: own.PORTAGE_HOME ?? '.portage',
      leaseSeconds: own.PORTAGE_LEASE_SECONDS ?? 60,
      hashKey: own.PORTAGE_HASH_KEY ?? null,
      stepBudgetMs: own.PORTAGE_STEP_BUDGET_MS ?? 60_000,
      scheduler: scheduler.scheduler,
      settings: settingsOf(given.data),
    },
  };
}

/** Settings by their names in the map; each has passed the schema of its own variable. */
const settingsOf = (variables: Readonly<Record<string, unknown>>): Settings =>
  Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const value = variables[variableOf(name)];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** One SYS002 for all of them, a line each. */
export function configurationError(faults: readonly ConfigFault[]): PortageError {
  const lines = faults.map((fault) => `${fault.variable}: got ${fault.got}, expected ${fault.expected}`);
  return new PortageError('SYS002', lines.join('\n'), { where: faults.map((fault) => fault.variable).join(', ') });
}

/** Sets variables for everything that this process reads later: `--map`, and the address of the embedded server. */
export function setVariables(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** The embedded server serves both sides or none: half of a configuration is a fault, not a wish. */
function missingSide(source: boolean, target: boolean): readonly ConfigFault[] {
  if (source === target) return [];
  const variable = source ? 'TARGET_DB_URL' : 'SOURCE_DB_URL';
  const other = source ? 'SOURCE_DB_*' : 'TARGET_DB_*';
  return [
    {
      variable,
      got: 'nothing',
      expected: `this one too, or ${variable.replace('URL', 'HOST')}, because ${other} is set`,
    },
  ];
}

function portageFault(variable: string, expected: string, env: Environment): ConfigFault {
  return {
    variable,
    got: UNSHOWN.has(variable) ? 'a value that is not shown' : JSON.stringify(env[variable]),
    expected,
  };
}

/** The bucket of a deployed environment, in a function that may write to it. */
export const bucketName = (env: Environment = process.env): string | null => env['PORTAGE_BUCKET'] ?? null;

/** What a deployed environment is called; `local` elsewhere. */
export const environmentName = (env: Environment = process.env): string => env['PORTAGE_ENVIRONMENT'] ?? 'local';

/** The secret of whoever may make roles, in the one function that brings the ledger to its version; null: somebody else makes them. */
export const adminSecretOf = (env: Environment = process.env): string | null => env['PORTAGE_ADMIN_SECRET_ARN'] ?? null;

/** Whether this process is a Lambda function, whose standard output is its log. */
export const runsInLambda = (env: Environment = process.env): boolean => env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined;
