/**
 * The five fields of a cron line: read by croner, one at a time so that the wrong one can be named, and written down as
 * EventBridge Scheduler reads them.
 */
import { CronPattern } from 'croner';
import { PortageError } from '../errors.ts';

export const FIELDS = ['minute', 'hour', 'day-of-month', 'month', 'day-of-week'] as const;
export type FieldName = (typeof FIELDS)[number];

/** What a field says: the values that it lets through, in the numbers that people write (Sunday is 0). */
export interface CronField {
  readonly text: string;
  readonly values: readonly number[];
  /** It lets everything through. */
  readonly every: boolean;
  /** Of the day of month alone: also the last day, whatever its number. */
  readonly last: boolean;
}

export type CronFields = Readonly<Record<FieldName, CronField>>;

interface Form {
  readonly least: number;
  readonly most: number;
  /** 1 where the numbers of people begin at 1 and those of croner at 0. */
  readonly base: 0 | 1;
  of(pattern: CronPattern): readonly number[];
}
const FORMS: Readonly<Record<FieldName, Form>> = {
  minute: { least: 0, most: 59, base: 0, of: (pattern) => pattern.minute },
  hour: { least: 0, most: 23, base: 0, of: (pattern) => pattern.hour },
  'day-of-month': { least: 1, most: 31, base: 1, of: (pattern) => pattern.day },
  month: { least: 1, most: 12, base: 1, of: (pattern) => pattern.month },
  'day-of-week': { least: 0, most: 7, base: 0, of: (pattern) => pattern.dayOfWeek.slice(0, 7) },
};
const NAMES: Readonly<Partial<Record<FieldName, string>>> = {
  month: 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec',
  'day-of-week': 'sun|mon|tue|wed|thu|fri|sat',
};

/** Reads one field. @throws PortageError S004 that names it */
export function readField(name: FieldName, text: string): CronField {
  const form = FORMS[name];
  refuseForeign(name, text);
  let pattern: CronPattern;
  try {
    const line = FIELDS.map((each) => (each === name ? text : '*')).join(' ');
    pattern = new CronPattern(line, undefined, { mode: '5-part' });
  } catch (error) {
    throw fieldFault(name, text, reasonOf(text, form, error));
  }
  const last = name === 'day-of-month' && pattern.lastDayOfMonth;
  const values = form.of(pattern).flatMap((set, index) => (set > 0 ? [index + form.base] : []));
  // Of `L` alone croner lets all days through and looks at the last one later.
  const own = last && !/\d|\*/.test(text) ? [] : values;
  return { text, values: own, every: own.length === form.of(pattern).length, last };
}

/** S004 about one field: what was written, and why it cannot be. */
export const fieldFault = (name: FieldName, text: string, why: string): PortageError =>
  new PortageError('S004', `the ${name} of the schedule: ${why}`, {
    got: text,
    expected: expectedOf(name),
    where: `schedule, field ${FIELDS.indexOf(name) + 1}: ${name}`,
  });

function expectedOf(name: FieldName): string {
  const { least, most } = FORMS[name];
  const names = NAMES[name]?.toUpperCase().split('|');
  const more = names === undefined ? '' : `, or ${names[0] ?? ''} to ${names.at(-1) ?? ''}`;
  const last = name === 'day-of-month' ? ', or L for the last day' : '';
  return `*, or ${least} to ${most}${more}${last}, with lists (1,2), ranges (1-5) and steps (*/2)`;
}

/** Signs that other kinds of cron know: croner reads some of them, but they are not the five-field form, and mean other things elsewhere. */
function refuseForeign(name: FieldName, text: string): void {
  const foreign: readonly (readonly [RegExp, string])[] = [
    [/\?/, '? belongs to cron of six fields; write *'],
    [/#/, 'the n-th weekday of a month (#) is not supported'],
    [/\d[wW]|[wW]\d|^[wW]$/, 'the nearest weekday (W) is not supported'],
  ];
  const found = foreign.find(([sign]) => sign.test(text));
  if (found !== undefined) throw fieldFault(name, text, found[1]);
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const known = new RegExp(`^(${[NAMES[name] ?? '', name === 'day-of-month' ? 'l' : ''].filter(Boolean).join('|')})$`);
  const unknown = words.find((word) => !known.test(word));
  if (unknown !== undefined) throw fieldFault(name, text, `${JSON.stringify(unknown)} is no value of it`);
}

/** Why croner refuses it. Its own numbers begin at 0 where ours do not, so what is out of range is told by us. */
function reasonOf(text: string, { least, most }: Form, error: unknown): string {
  const outside = text
    .replaceAll(/\/\d+/g, '')
    .match(/\d+/g)
    ?.find((number) => Number(number) < least || Number(number) > most);
  if (outside !== undefined) return `${outside} is not from ${least} to ${most}`;
  if (/(^|,)(,|$)/.test(text)) return 'an item of the list is empty';
  const backwards = /(\w+)-(\w+)/.exec(text);
  const message = error instanceof Error ? error.message : String(error);
  if (backwards !== null && message.includes('larger'))
    return `the range ${backwards[0]} runs backwards; write it as two, such as ${backwards[1] ?? ''}-${most},${least}-${backwards[2] ?? ''}`;
  return message.replace(/^CronPattern: (Syntax error, )?/, '');
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/** The field as EventBridge reads it: its weekdays begin with 1 for Sunday, so they are written by name. */
export function eventBridgeField(name: FieldName, field: CronField): string {
  if (name === 'day-of-week') return ranges(field.values, (day) => WEEKDAYS[day] ?? '').join(',');
  const { values, last } = field;
  if (field.every) return '*';
  const step = stepOf(values, FORMS[name].most);
  const items = step !== null && !last ? [`${values[0] ?? 0}/${step}`] : ranges(values, String);
  return [...items, ...(last ? ['L'] : [])].join(',');
}

/** The way back: a field that was written for EventBridge as one of five. */
export const fiveFieldText = (name: FieldName, text: string): string =>
  text === '?' ? '*' : text.replace(/^(\d+)\/(\d+)$/, `$1-${FORMS[name].most}/$2`);

/** Values that go on in equal steps to the end of the field: EventBridge's `start/step`. */
function stepOf(values: readonly number[], most: number): number | null {
  const [first = 0, second = 0] = values;
  const step = second - first;
  if (values.length < 3 || step < 2 || (values.at(-1) ?? 0) + step <= most) return null;
  return values.every((value, i) => value === first + i * step) ? step : null;
}

/** `1, 2, 3, 7` as `1-3` and `7`. */
function ranges(values: readonly number[], text: (value: number) => string): readonly string[] {
  const found: [number, number][] = [];
  for (const value of values) {
    const run = found.at(-1);
    if (run?.[1] === value - 1) run[1] = value;
    else found.push([value, value]);
  }
  return found.flatMap(([from, to]) => {
    if (from === to) return [text(from)];
    return to === from + 1 ? [text(from), text(to)] : [`${text(from)}-${text(to)}`];
  });
}
