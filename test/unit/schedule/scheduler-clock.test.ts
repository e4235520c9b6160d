// What the scheduler of this machine fires, over a clock that runs, stands still, jumps, and jumps back.
import { describe, expect, test } from '@jest/globals';
import { SchedulerClock, type Firing } from '../../../cli/local/scheduler.ts';
import type { FoundSchedule, Schedules } from '../../../shared/operations/ports.ts';

const hourly: FoundSchedule = {
  name: 'hourly',
  expression: 'cron(0 * * * ? *)',
  timezone: 'UTC',
  enabled: true,
  startsAt: null,
  deviations: [],
};

/** Schedules in memory, which a test changes at will. */
function board(...schedules: FoundSchedule[]) {
  const there = new Map(schedules.map((each) => [each.name, each]));
  const port: Schedules = {
    names: async () => [...there.keys()],
    find: async (name) => there.get(name) ?? null,
    put: async () => undefined,
    remove: async () => undefined,
  };
  const clock = new SchedulerClock(port);
  const fired: string[] = [];
  return {
    there,
    fired,
    /** Looks at each of these times of one day, `HH:MM:SS`. */
    async at(...times: string[]): Promise<readonly string[]> {
      const text = ({ job, scheduledTime, missed }: Firing): string =>
        `${job} ${scheduledTime.toISOString().slice(11, 16)}${missed === 0 ? '' : ` after ${missed} missed`}`;
      const found: string[] = [];
      for (const time of times) found.push(...(await clock.look(new Date(`2026-06-01T${time}Z`))).map(text));
      fired.push(...found);
      return found;
    },
  };
}

describe('a job', () => {
  test('fires once at its time, however often the clock is looked at', async () => {
    const b = board(hourly);
    expect(await b.at('07:59:58', '07:59:59', '08:00:00', '08:00:00', '08:00:01', '08:30:00')).toEqual([
      'hourly 08:00',
    ]);
    expect(await b.at('09:00:01')).toEqual(['hourly 09:00']);
  });

  test('does not make up for what passed before it was seen', async () => {
    const b = board(hourly);
    expect(await b.at('08:30:00')).toEqual([]);
  });

  test('does not fire while it is paused, and not for the times of the pause', async () => {
    const b = board(hourly);
    await b.at('07:30:00');
    b.there.set('hourly', { ...hourly, enabled: false });
    expect(await b.at('08:00:01', '09:00:01')).toEqual([]);
    b.there.set('hourly', hourly);
    expect(await b.at('09:30:00', '10:00:00')).toEqual(['hourly 10:00']);
  });

  test('that is changed fires at its new times, and one that is deleted no more', async () => {
    const b = board(hourly);
    await b.at('07:30:00');
    b.there.set('hourly', { ...hourly, expression: 'cron(45 * * * ? *)' });
    expect(await b.at('07:44:00', '07:45:00', '08:00:30')).toEqual(['hourly 07:45']);
    b.there.delete('hourly');
    expect(await b.at('08:45:00')).toEqual([]);
  });

  test('whose schedule cannot be read keeps no other from firing', async () => {
    const b = board(
      { ...hourly, name: 'a', expression: 'cron(nonsense)' },
      { ...hourly, name: 'b', deviations: ['its file cannot be read'] },
      hourly,
    );
    expect(await b.at('07:59:00', '08:00:00')).toEqual(['hourly 08:00']);
  });

  test('by rate keeps the beat that it began with', async () => {
    const rate = { ...hourly, name: 'rate', expression: 'rate(20 minutes)', startsAt: '2026-06-01T08:07:00.000Z' };
    const b = board(rate);
    expect(await b.at('08:00:00', '08:07:00', '08:20:00', '08:27:01')).toEqual(['rate 08:07', 'rate 08:27']);
  });
});

describe('a clock', () => {
  test('that stands still fires nothing, and goes on', async () => {
    const b = board(hourly);
    expect(await b.at(...Array<string>(50).fill('07:59:59'))).toEqual([]);
    expect(await b.at('08:00:00', ...Array<string>(50).fill('08:00:00'))).toEqual(['hourly 08:00']);
  });

  test('that jumps ahead, as after sleep, fires the last time that passed, once', async () => {
    const b = board(hourly);
    await b.at('07:30:00');
    expect(await b.at('11:20:00', '11:20:01')).toEqual(['hourly 11:00 after 3 missed']);
  });

  test('that is corrected back by a little fires nothing twice', async () => {
    const b = board(hourly);
    await b.at('07:59:59', '08:00:00');
    expect(await b.at('07:59:58', '07:59:59', '08:00:00', '08:00:01')).toEqual([]);
    expect(await b.at('09:00:00')).toEqual(['hourly 09:00']);
  });

  test('that was wrong and is set back by hours fires at the times that come now', async () => {
    const b = board(hourly);
    await b.at('19:59:59', '20:00:00');
    expect(await b.at('07:30:00', '08:00:00', '09:00:00')).toEqual(['hourly 08:00', 'hourly 09:00']);
  });
});

test('a job of every minute that missed a month is fired once, and told as at least a day', async () => {
  const every = { ...hourly, name: 'every', expression: 'cron(* * * * ? *)' };
  const clock = new SchedulerClock({
    names: async () => ['every'],
    find: async () => every,
    put: async () => undefined,
    remove: async () => undefined,
  });
  await clock.look(new Date('2026-06-01T00:00:30Z'));
  const began = performance.now();
  expect(await clock.look(new Date('2026-07-01T12:34:56Z'))).toEqual([
    { job: 'every', scheduledTime: new Date('2026-07-01T12:34:00Z'), missed: 1439 },
  ]);
  expect(performance.now() - began).toBeLessThan(2000);
});
