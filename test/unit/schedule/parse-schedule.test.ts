// What a person may write as a schedule, what EventBridge Scheduler is told, and what is refused with the reason.
import { describe, expect, test } from '@jest/globals';
import { PortageError } from '../../../shared/domain/errors.ts';
import { parseExpression, parseSchedule, type CronSchedule } from '../../../shared/domain/schedule/schedule.ts';

function refusal(text: string, timezone?: string): PortageError {
  try {
    parseSchedule(text, timezone);
  } catch (error) {
    if (error instanceof PortageError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('a schedule becomes what EventBridge Scheduler reads:', () => {
  test.each([
    ['0 2 * * *', 'cron(0 2 * * ? *)'],
    ['*/15 * * * *', 'cron(0/15 * * * ? *)'],
    ['* * * * *', 'cron(* * * * ? *)'],
    ['5,20,50 8-18 * * 1-5', 'cron(5,20,50 8-18 ? * MON-FRI *)'],
    ['0 0 * * 0', 'cron(0 0 ? * SUN *)'],
    ['0 0 * * 7', 'cron(0 0 ? * SUN *)'],
    ['0 0 * * 5-7', 'cron(0 0 ? * SUN,FRI,SAT *)'],
    ['0 0 * * sat,SUN', 'cron(0 0 ? * SUN,SAT *)'],
    ['0 0 * * */2', 'cron(0 0 ? * SUN,TUE,THU,SAT *)'],
    ['0 0 * * 0-6', 'cron(0 0 * * ? *)'],
    ['30 4 1,15 * *', 'cron(30 4 1,15 * ? *)'],
    ['0 0 1-31 * *', 'cron(0 0 * * ? *)'],
    ['0 0 */10 * *', 'cron(0 0 1/10 * ? *)'],
    ['0 0 31 * *', 'cron(0 0 31 * ? *)'],
    ['0 3 L * *', 'cron(0 3 L * ? *)'],
    ['0 3 1,l * *', 'cron(0 3 1,L * ? *)'],
    ['0 0 29 2 *', 'cron(0 0 29 2 ? *)'],
    ['0 6 1 jan-MAR,12 *', 'cron(0 6 1 1-3,12 ? *)'],
    ['0 6 1 */3 *', 'cron(0 6 1 1/3 ? *)'],
    ['10-30/10 1-23/11 * * *', 'cron(10,20,30 1/11 * * ? *)'],
    ['07 02 * * *', 'cron(7 2 * * ? *)'],
    ['  0   2 * *   *  ', 'cron(0 2 * * ? *)'],
    ['hourly', 'cron(0 * * * ? *)'],
    ['daily', 'cron(0 0 * * ? *)'],
    ['Weekly', 'cron(0 0 ? * SUN *)'],
    ['rate(5 minutes)', 'rate(5 minutes)'],
    ['rate(1 hour)', 'rate(1 hour)'],
    ['rate( 1  hours )', 'rate(1 hour)'],
    ['RATE(2 day)', 'rate(2 days)'],
  ])('%s as %s', (text, expression) => {
    const schedule = parseSchedule(text);
    expect(schedule.expression).toBe(expression);
    // And back: what was written means what was read.
    const back = parseExpression(expression, 'UTC');
    expect(back.expression).toBe(expression);
    const values = ({ fields }: CronSchedule): unknown =>
      Object.values(fields).map((field) => [field.values, field.last]);
    if (schedule.kind === 'cron') expect(values(back as CronSchedule)).toEqual(values(schedule));
    else expect(back).toMatchObject({ kind: 'rate', everyMs: schedule.everyMs });
  });

  test('and none is longer than the 256 signs that it takes', () => {
    const odd = (from: number, to: number): string =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i)
        .filter((n) => n % 2 === 1)
        .join(',');
    const { expression } = parseSchedule(`0,${odd(1, 59)} 0,${odd(1, 23)} 2,${odd(1, 31)} 2,${odd(1, 11)} *`);
    expect(expression.length).toBeLessThanOrEqual(256);
  });
});

describe('S004 names the field, and says why:', () => {
  test.each([
    ['61 * * * *', 'minute', /61 is not from 0 to 59/],
    ['0 24 * * *', 'hour', /24 is not from 0 to 23/],
    ['0 0 0 * *', 'day-of-month', /0 is not from 1 to 31/],
    ['0 0 32 * *', 'day-of-month', /32 is not from 1 to 31/],
    ['0 0 * 0 *', 'month', /0 is not from 1 to 12/],
    ['0 0 * 13 *', 'month', /13 is not from 1 to 12/],
    ['0 0 * * 8', 'day-of-week', /8 is not from 0 to 7/],
    ['*/0 * * * *', 'minute', /stepping/],
    ['*/90 * * * *', 'minute', /steps cannot be greater/],
    ['0/5 * * * *', 'minute', /\*\/step/],
    ['5-2 * * * *', 'minute', /backwards; write it as two, such as 5-59,0-2/],
    ['1,,2 * * * *', 'minute', /item of the list is empty/],
    ['1, * * * *', 'minute', /item of the list is empty/],
    ['a * * * *', 'minute', /"a" is no value/],
    ['-1 * * * *', 'minute', /./],
    ['1- * * * *', 'minute', /./],
    ['0 0 * JANUARY *', 'month', /"january" is no value/],
    ['0 0 * FRI *', 'month', /"fri" is no value/],
    ['0 0 * * L', 'day-of-week', /"l" is no value/],
    ['0 L * * *', 'hour', /"l" is no value/],
    ['0 0 ? * 1', 'day-of-month', /write \*/],
    ['0 0 15W * *', 'day-of-month', /nearest weekday/],
    ['0 0 * * 5#2', 'day-of-week', /n-th weekday/],
    ['0 0 1 * 1', 'day-of-week', /EventBridge Scheduler cannot express.*make two jobs/],
    ['0 0 L * 1-5', 'day-of-week', /cannot express/],
    ['0 0 30 2 *', 'day-of-month', /no month of 2 has a day 30/],
    ['0 0 31 4,6,9,11 *', 'day-of-month', /never run/],
  ])('%s', (text, field, why) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'S004', exit: 2, message: expect.stringMatching(why) });
    expect(error.facts.where).toMatch(new RegExp(`^schedule, field [1-5]: ${field}$`));
    expect(error.facts.got).not.toBe('');
    expect(error.facts.expected).toMatch(/lists \(1,2\), ranges \(1-5\) and steps/);
  });

  test.each([
    ['0 2 * *', /4 fields, where cron has five/],
    ['0 0 2 * * *', /6 fields: there are neither seconds nor years/],
    ['0 2 * * ? *', /6 fields/],
    ['cron(0 2 * * ? *)', /give cron of five fields/],
    ['at(2026-01-01T00:00:00)', /give cron of five fields/],
    ['dayly', /no word that is known/],
    ['', /0 fields/],
    ['rate(0 minutes)', /at least a minute/],
    ['rate(400 days)', /at most a year/],
    ['rate(30 seconds)', /minutes, hours or days/],
    ['rate(1.5 hours)', /whole number/],
    ['rate 5 minutes', /whole number/],
  ])('%s as a whole', (text, why) => {
    expect(refusal(text)).toMatchObject({ code: 'S004', message: expect.stringMatching(why) });
  });
});

describe('a time zone', () => {
  test.each([
    ['europe/BERLIN', 'Europe/Berlin'],
    ['utc', 'UTC'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ])('%s is %s', (name, known) => {
    expect(parseSchedule('daily', name).timezone).toBe(known);
  });

  test.each([
    ['Europe/Berln', /Europe\/Berlin/],
    ['Berlin', /Europe\/Berlin/],
    ['+01:00', /IANA name/],
    ['Mars/Olympus', /./],
  ])('%s is refused with what was probably meant', (name, expected) => {
    expect(refusal('daily', name)).toMatchObject({
      code: 'S004',
      facts: { where: 'timezone', expected: expect.stringMatching(expected) },
    });
  });
});
