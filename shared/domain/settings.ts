/**
 * The settings of a map, in one table: what each means and which values it takes. The form of the map, the `PORTAGE_`
 * variables and their types are derived from it, so that none of them knows a setting that the others do not.
 */

interface NumberSetting {
  readonly kind: 'integer' | 'number';
  readonly least: number;
  readonly most: number;
  /** One sentence, for editors. */
  readonly what: string;
}
interface ChoiceSetting<Choice extends string> {
  readonly kind: 'choice';
  readonly choices: readonly [Choice, ...Choice[]];
  readonly what: string;
}
interface TextSetting {
  readonly kind: 'text';
  readonly what: string;
}

const integer = (what: string, least: number, most: number): NumberSetting => ({ kind: 'integer', least, most, what });
const number = (what: string, least: number, most: number): NumberSetting => ({ kind: 'number', least, most, what });

/** A day: no batch is meant to take longer. */
const DAY_MS = 86_400_000;
/** A hundred years. */
const MOST_DAYS = 36_500;

/** All optional; what each is without being set stands in docs/mapping.md. */
export const SETTINGS = {
  batchRows: integer('Rows a batch, at most.', 1, 100_000),
  batchBytes: integer('Bytes a batch, at most.', 1024, 1_073_741_824),
  batchTimeoutMs: integer('Time for one batch before it is halved and tried again.', 100, DAY_MS),
  lanes: integer('Slices that are worked on side by side.', 1, 1_000),
  performanceFloor: number('Rows per second under which the performance validation complains.', 0, 1_000_000_000),
  memoryLimitMb: integer('Memory above which the performance validation complains.', 1, 1_048_576),
  concurrentJobs: integer('Sync jobs that may run at the same time.', 1, 1_000),
  overlap: {
    kind: 'choice',
    choices: ['skip', 'queue'],
    what: 'What a sync run does whose job still runs.',
  } as ChoiceSetting<'skip' | 'queue'>,
  lagLimitSeconds: integer('How far the target may lag behind.', 1, MOST_DAYS * 86_400),
  deleteThresholdPercent: number("Share of an entity's rows that may be deleted in one run.", 0, 100),
  fullDescentHours: number('Hours between full comparisons.', 0, MOST_DAYS * 24),
  undoRetentionDays: number('Days for which an operation can be rolled back.', 0, MOST_DAYS),
  closureRows: integer('Rows of a cycle that are loaded together, at most.', 1, 10_000_000),
  settleMs: integer(
    'How long a difference must last on databases that are written to before a validation believes it.',
    0,
    3_600_000,
  ),
  logDir: { kind: 'text', what: 'Folder of the log files.' } as TextSetting,
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Setting = (typeof SETTINGS)[SettingName];
export type SettingValue<Name extends SettingName> =
  (typeof SETTINGS)[Name] extends ChoiceSetting<infer Choice>
    ? Choice
    : (typeof SETTINGS)[Name] extends NumberSetting
      ? number
      : string;
export type Settings = { readonly [Name in SettingName]?: SettingValue<Name> | undefined };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** batchRows is PORTAGE_BATCH_ROWS. */
export const variableOf = (name: SettingName): string =>
  `PORTAGE_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** Rows per second: the guide's word for a migration that runs slower than expected. */
export const PERFORMANCE_FLOOR = 500;
/** Rows and bytes of a batch, unless said otherwise: batches commit every 100 to 300 ms at this size on small hardware (measured: 5,000 cost some percent more, 20,000 gained nothing). */
export const BATCH_ROWS = 10_000;
/** Rows of up to 3 kB do not feel it; what is wider is what would fill temporary tables and logs. */
export const BATCH_BYTES = 33_554_432;
/** Longer than what a write to one side takes to reach the other where an application writes both. */
export const SETTLE_MS = 5_000;
