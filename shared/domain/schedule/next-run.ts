/**
 * When a schedule fires next, as EventBridge Scheduler fires: a local time that daylight saving skips is skipped, one that
 * comes twice fires the first time only. Rates know no local time.
 */
import { Cron } from 'croner';
import { FIELDS } from './cron-fields.ts';
import type { CronSchedule, Schedule } from './schedule.ts';
import { wallTime } from './timezone.ts';

/** The clock of a zone moves by three hours at most at once. */
const LONGEST_SHIFT_MS = 3 * 3_600_000;
const MINUTE_MS = 60_000;

/**
 * The first time that the schedule fires after an instant.
 * @param anchor of a rate: a time at which it fires, or fired; it fires whole intervals before and after that
 */
export function nextRun(schedule: Schedule, after: Date, anchor: Date): Date {
  if (schedule.kind === 'cron') return nextOfCron(schedule, after);
  const intervals = Math.floor((after.getTime() - anchor.getTime()) / schedule.everyMs) + 1;
  return new Date(anchor.getTime() + intervals * schedule.everyMs);
}

/** More times than this are not counted one by one: a job of every minute misses as many in a day. */
const MOST_COUNTED = 1440;

/** The last time in (after, until] at which it fires, and how many there were, counted up to a day's minutes; null: none. */
export function lastRun(
  schedule: Schedule,
  after: Date,
  until: Date,
  anchor: Date,
): { readonly at: Date; readonly times: number } | null {
  if (schedule.kind === 'rate') {
    const times = Math.floor((until.getTime() - nextRun(schedule, after, anchor).getTime()) / schedule.everyMs) + 1;
    if (times <= 0) return null;
    return { at: new Date(nextRun(schedule, until, anchor).getTime() - schedule.everyMs), times };
  }
  let last: Date | null = null;
  let times = 0;
  let next = nextOfCron(schedule, after);
  while (next <= until) {
    last = next;
    times++;
    // The last one is among the last minutes, or days: looked for from ever nearer where there are many.
    const behind = until.getTime() - next.getTime();
    next = nextOfCron(schedule, times < MOST_COUNTED ? next : new Date(next.getTime() + Math.floor(behind / 2)));
  }
  return last && { at: last, times: Math.min(times, MOST_COUNTED) };
}

/**
 * Croner reads the fields, but fires a skipped time when the gap is over, and some repeated times twice, so that each time it
 * names is looked at again.
 */
function nextOfCron(schedule: CronSchedule, after: Date): Date {
  const { fields, timezone } = schedule;
  const cron = cronOf(schedule);
  for (let at = cron.nextRun(after); at !== null; at = cron.nextRun(at)) {
    const wall = wallTime(at, timezone);
    const wanted = fields.hour.values.includes(wall.hour) && fields.minute.values.includes(wall.minute);
    if (wanted && !isRepeated(at, wall.epoch, timezone)) return at;
  }
  // Days that no month has were refused when it was read.
  throw new RangeError(`the schedule ${schedule.text} never fires`);
}

const crons = new WeakMap<CronSchedule, Cron>();

function cronOf(schedule: CronSchedule): Cron {
  const { fields, timezone } = schedule;
  const line = FIELDS.map((name) => fields[name].text).join(' ');
  const cron = crons.get(schedule) ?? new Cron(line, { timezone, mode: '5-part', paused: true });
  crons.set(schedule, cron);
  return cron;
}

/** Whether the clock on the wall has shown the same before. */
function isRepeated(at: Date, wallEpoch: number, timezone: string): boolean {
  const offset = wallEpoch - at.getTime();
  const before = new Date(at.getTime() - LONGEST_SHIFT_MS);
  const setBack = wallTime(before, timezone).epoch - before.getTime() - offset;
  if (setBack <= 0 || setBack > LONGEST_SHIFT_MS) return false;
  const earlier = new Date(Math.floor((at.getTime() - setBack) / MINUTE_MS) * MINUTE_MS);
  return wallTime(earlier, timezone).epoch === wallEpoch;
}
