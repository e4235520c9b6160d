// When a job fires next: across both changes of daylight saving, at the ends of months, and against a reckoning by hand
// that looks at every minute.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lastRun, nextRun } from '../../../shared/domain/schedule/next-run.ts';
import { parseSchedule, type CronSchedule } from '../../../shared/domain/schedule/schedule.ts';
import { trials } from '../../campaign/size.ts';

const MINUTE = 60_000;
const at = (text: string): Date => new Date(text);

/** The next so many times. */
function times(text: string, timezone: string, after: string, count: number): string[] {
  const schedule = parseSchedule(text, timezone);
  const found: string[] = [];
  for (let last = at(after); found.length < count;) {
    last = nextRun(schedule, last, at(after));
    found.push(last.toISOString().slice(0, 16));
  }
  return found;
}

describe('daylight saving begins: a local time that is skipped is not made up for', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', ['2026-03-28T01:30', '2026-03-30T00:30']],
    ['0 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-30T00:00']],
    ['0 3 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:00', '2026-03-30T01:00']],
    ['30 1-3 * * *', 'Europe/Berlin', '2026-03-28T22:00:00Z', ['2026-03-29T00:30', '2026-03-29T01:30']],
    ['*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15:00Z', ['2026-03-29T00:30', '2026-03-29T01:00']],
    ['30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', ['2026-03-09T06:30']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', ['2026-10-04T15:15']],
    ['30 0 * * *', 'Africa/Cairo', '2026-04-23T12:00:00Z', ['2026-04-24T21:30']],
  ])('%s in %s', (text, timezone, after, expected) => {
    expect(times(text, timezone, after, expected.length)).toEqual(expected);
  });
});

describe('daylight saving ends: a local time that comes twice fires the first time', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', ['2026-10-25T00:30', '2026-10-25T02:00']],
    ['0 2-3 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:00', '2026-10-25T02:00']],
    ['30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', ['2026-11-01T05:30', '2026-11-02T06:30']],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00:00Z', ['2026-04-04T14:45', '2026-04-05T15:15']],
  ])('%s in %s', (text, timezone, after, expected) => {
    expect(times(text, timezone, after, expected.length)).toEqual(expected);
  });

  test('asked between the two, it is the next day', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-26T01:30']);
  });
});

describe('the ends of months', () => {
  test.each([
    ['0 0 31 * *', '2026-01-31T00:00:00Z', ['2026-03-31T00:00', '2026-05-31T00:00', '2026-07-31T00:00']],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', ['2104-02-29T00:00']],
    ['0 5 L * *', '2026-01-31T06:00:00Z', ['2026-02-28T05:00', '2026-03-31T05:00', '2026-04-30T05:00']],
    ['59 23 31 12 *', '2026-06-01T00:00:00Z', ['2026-12-31T23:59', '2027-12-31T23:59']],
    ['0 0 1 * *', '2026-12-15T00:00:00Z', ['2027-01-01T00:00']],
    ['0 0 * * 1', '2026-02-27T00:00:00Z', ['2026-03-02T00:00']],
  ])('%s after %s', (text, after, expected) => {
    expect(times(text, 'UTC', after, expected.length)).toEqual(expected);
  });
});

describe('a rate', () => {
  test('goes on from a time at which it fired, across daylight saving', () => {
    const schedule = parseSchedule('rate(12 hours)', 'Europe/Berlin');
    const anchor = at('2026-03-28T10:00:00Z');
    expect(nextRun(schedule, at('2026-03-28T23:00:00Z'), anchor)).toEqual(at('2026-03-29T10:00:00Z'));
    expect(nextRun(schedule, at('2026-03-29T10:00:00Z'), anchor)).toEqual(at('2026-03-29T22:00:00Z'));
  });

  test('whose clock was set back fires no earlier than an interval before', () => {
    const schedule = parseSchedule('rate(1 hour)');
    expect(nextRun(schedule, at('2026-01-01T08:30:00Z'), at('2026-01-01T10:00:00Z'))).toEqual(
      at('2026-01-01T09:00:00Z'),
    );
  });
});

describe('what was missed', () => {
  test.each([
    ['0 * * * *', { at: at('2026-01-01T05:00:00Z'), times: 5 }],
    ['rate(2 hours)', { at: at('2026-01-01T04:00:00Z'), times: 2 }],
    ['0 6 * * *', null],
    ['rate(6 hours)', null],
  ])('of %s between midnight and half past five', (text, expected) => {
    const midnight = at('2026-01-01T00:00:00Z');
    expect(lastRun(parseSchedule(text), midnight, at('2026-01-01T05:30:00Z'), midnight)).toEqual(expected);
  });
});

/** Every minute from `after` on, as the rule is worded: fields match, and the wall has not shown this before. */
function byHand(schedule: CronSchedule, after: Date, days: number): Date | null {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: schedule.timezone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', weekday: 'short' },
  });
  const { fields } = schedule;
  const seen = new Set<string>();
  const first = Math.floor(after.getTime() / MINUTE) * MINUTE;
  for (let time = first - 180 * MINUTE; time < first + days * 1440 * MINUTE; time += MINUTE) {
    const wall = format.format(time);
    const isNew = !seen.has(wall);
    seen.add(wall);
    if (time <= after.getTime() || !isNew) continue;
    const [, weekday = '', day, month, , hour, minute] = /^(\w+), (\d+)\/(\d+)\/(\d+), (\d+):(\d+)$/.exec(wall) ?? [];
    const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    const lets = (name: keyof typeof fields, value: unknown): boolean => fields[name].values.includes(Number(value));
    if (
      lets('minute', minute) &&
      lets('hour', hour) &&
      lets('day-of-month', day) &&
      lets('month', month) &&
      lets('day-of-week', weekdays.indexOf(weekday))
    )
      return new Date(time);
  }
  return null;
}

const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Chatham', 'Asia/Kolkata', 'UTC'];
/** Three days around the changes of these zones, and any time of the year. */
const CHANGES = ['2026-03-28', '2026-10-24', '2026-03-07', '2026-10-31', '2026-04-04', '2026-09-26', '2026-10-03'];

const list = (least: number, most: number): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 })
    .map((values) => values.join(','));
const field = (least: number, most: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant('*'),
    list(least, most),
    fc.integer({ min: 2, max: Math.floor((most - least) / 2) }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map((ends) => {
      const [from = 0, to = 0] = [...ends].sort((a, b) => a - b);
      return `${from}-${to}`;
    }),
  );

test('any cron line fires at the minute that a reckoning by hand finds', () => {
  const nights = fc.oneof(field(0, 23), list(0, 4), fc.constant('1-3'));
  const line = fc.tuple(field(0, 59), nights, fc.constant('*'), fc.constant('*'), field(0, 6));
  const moment = fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: 0, max: 3 * 1440 * 60 }))
    .map(([day, second]) => new Date(at(`${day}T00:00:00Z`).getTime() + second * 1000));
  fc.assert(
    fc.property(line, fc.constantFrom(...ZONES), moment, (parts, timezone, after) => {
      const schedule = parseSchedule(parts.join(' '), timezone) as CronSchedule;
      expect(nextRun(schedule, after, after)).toEqual(byHand(schedule, after, 9));
    }),
    { numRuns: trials(5000, 80) },
  );
});
