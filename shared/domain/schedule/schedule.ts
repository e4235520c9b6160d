/**
 * When a job runs. A person writes cron of five fields, `rate(...)` or a word; EventBridge Scheduler reads cron of six
 * fields or `rate(...)`. What one cannot say in the other is refused with the reason, before anything is stored.
 */
import { PortageError } from '../errors.ts';
import { eventBridgeField, fieldFault, FIELDS, fiveFieldText, readField, type CronFields } from './cron-fields.ts';
import { knownTimezone } from './timezone.ts';

interface ScheduleText {
  /** As it was written. */
  readonly text: string;
  /** IANA name. Of no effect on a rate. */
  readonly timezone: string;
  /** As EventBridge Scheduler reads it. */
  readonly expression: string;
}
export interface CronSchedule extends ScheduleText {
  readonly kind: 'cron';
  readonly fields: CronFields;
}
export interface RateSchedule extends ScheduleText {
  readonly kind: 'rate';
  readonly everyMs: number;
}
export type Schedule = CronSchedule | RateSchedule;

/** As in crontab: at the beginning of the hour, the day, and the week, which begins on Sunday. */
const WORDS: Readonly<Record<string, string>> = { hourly: '0 * * * *', daily: '0 0 * * *', weekly: '0 0 * * 0' };

const UNITS_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** A year: whoever means more means something else. */
const LONGEST_MS = 366 * 86_400_000;

/** Reads a schedule. @throws PortageError S004 naming what is wrong with it, and why */
export function parseSchedule(text: string, timezone = 'UTC'): Schedule {
  const zone = knownTimezone(timezone);
  const trimmed = text.trim();
  const word = WORDS[trimmed.toLowerCase()];
  if (/^rate\b/i.test(trimmed)) return rate(trimmed, zone);
  return cron(trimmed, word ?? trimmed, zone);
}

function rate(text: string, timezone: string): RateSchedule {
  const [, count = '', unit = ''] = /^rate\s*\(\s*(\d{1,9})\s+([a-z]+?)s?\s*\)$/i.exec(text) ?? [];
  const unitMs = UNITS_MS[unit.toLowerCase()];
  const everyMs = Number(count) * (unitMs ?? Number.NaN);
  if (unitMs === undefined || everyMs === 0 || everyMs > LONGEST_MS) {
    throw scheduleFault(
      unitMs === undefined
        ? 'a rate is a whole number of minutes, hours or days'
        : 'a rate is at least a minute and at most a year',
      text,
      'rate(15 minutes), rate(1 hour), rate(2 days)',
      'schedule: rate',
    );
  }
  const name = unit.toLowerCase();
  return {
    kind: 'rate',
    text,
    timezone,
    everyMs,
    expression: `rate(${Number(count)} ${Number(count) === 1 ? name : `${name}s`})`,
  };
}

function cron(text: string, line: string, timezone: string): CronSchedule {
  const parts = line.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) throw wrongForm(text, parts.length);
  const read = FIELDS.map((name, i) => [name, readField(name, parts[i] ?? '')] as const);
  const fields = Object.fromEntries(read) as unknown as CronFields;
  const day = fields['day-of-month'];
  const weekday = fields['day-of-week'];
  if (!day.every && !weekday.every) {
    throw fieldFault(
      'day-of-week',
      weekday.text,
      `crontab reads a day of month and a day of week together as "one of the two", which EventBridge Scheduler cannot express (day of month: ${day.text}); make two jobs, one with each`,
    );
  }
  refuseNever(fields);
  const [minute, hour, dom, month] = FIELDS.map((name) => eventBridgeField(name, fields[name]));
  const days = weekday.every ? `${dom} ${month} ?` : `? ${month} ${eventBridgeField('day-of-week', weekday)}`;
  return { kind: 'cron', text, timezone, fields, expression: `cron(${minute} ${hour} ${days} *)` };
}

/**
 * Reads an expression of EventBridge Scheduler, in the forms that are written here.
 * @throws PortageError S004 for any other
 */
export function parseExpression(expression: string, timezone: string): Schedule {
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(' ') ?? [];
  if (fields.length !== FIELDS.length + 1) return parseSchedule(expression, timezone);
  const line = FIELDS.map((name, i) => fiveFieldText(name, fields[i] ?? '')).join(' ');
  return { ...parseSchedule(line, timezone), text: expression };
}

/** 29 February comes, if late; 30 February does not. */
const LONGEST_MONTH: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function refuseNever(fields: CronFields): void {
  const { values, last, text } = fields['day-of-month'];
  const first = values[0] ?? 1;
  if (last || fields.month.values.some((month) => first <= (LONGEST_MONTH[month - 1] ?? 31))) return;
  throw fieldFault(
    'day-of-month',
    text,
    `no month of ${fields.month.text} has a day ${first}, so the job would never run`,
  );
}

function wrongForm(text: string, parts: number): PortageError {
  const why = /^(cron|at)\s*\(/i.test(text)
    ? 'give cron of five fields; it is translated into what EventBridge Scheduler reads'
    : parts > FIELDS.length
      ? `${parts} fields: there are neither seconds nor years`
      : parts === 1
        ? 'this is no word that is known'
        : `${parts} fields, where cron has five`;
  return scheduleFault(why, text, `${FIELDS.join(' ')}; rate(N minutes); hourly, daily or weekly`, 'schedule');
}

const scheduleFault = (why: string, got: string, expected: string, where: string): PortageError =>
  new PortageError('S004', why, { got, expected, where });
