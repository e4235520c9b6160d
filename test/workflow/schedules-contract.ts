/** What every implementation of the port `Schedules` must do, whoever fires them. */
import { expect, test } from '@jest/globals';
import type { JobSchedule, Schedules } from '../../shared/operations/ports.ts';

const nightly: JobSchedule = {
  name: 'nightly',
  expression: 'cron(0 2 * * ? *)',
  timezone: 'Europe/Berlin',
  enabled: true,
  startsAt: null,
};

export function schedulesContract(makeSchedules: () => Promise<Schedules>): void {
  let serial = 0;
  const token = (): string => `token-${++serial}`;

  test('a schedule is found as it was put', async () => {
    const schedules = await makeSchedules();
    await schedules.put(nightly, token());
    expect(await schedules.find('nightly')).toEqual({ ...nightly, deviations: [] });
    expect(await schedules.names()).toEqual(['nightly']);
  });

  test('a rate keeps when it begins', async () => {
    const schedules = await makeSchedules();
    const startsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000).toISOString();
    const rate = { ...nightly, expression: 'rate(15 minutes)', timezone: 'UTC', startsAt };
    await schedules.put(rate, token());
    expect(await schedules.find('nightly')).toEqual({ ...rate, deviations: [] });
  });

  test('putting it again replaces all of it', async () => {
    const schedules = await makeSchedules();
    await schedules.put(nightly, token());
    const other = { ...nightly, expression: 'rate(2 hours)', timezone: 'UTC', enabled: false };
    await schedules.put(other, token());
    expect(await schedules.find('nightly')).toMatchObject(other);
    expect(await schedules.names()).toEqual(['nightly']);
  });

  test('a repeat under the same token changes nothing, and is no error', async () => {
    const schedules = await makeSchedules();
    const once = token();
    await schedules.put(nightly, once);
    await schedules.put(nightly, once);
    expect(await schedules.find('nightly')).toEqual({ ...nightly, deviations: [] });
  });

  test('what was removed can be put again', async () => {
    const schedules = await makeSchedules();
    await schedules.put(nightly, token());
    await schedules.remove('nightly', token());
    expect(await schedules.find('nightly')).toBeNull();
    expect(await schedules.names()).toEqual([]);
    await schedules.put(nightly, token());
    expect(await schedules.find('nightly')).not.toBeNull();
  });

  test('removing what is not there is no error, and finding it is null', async () => {
    const schedules = await makeSchedules();
    await schedules.remove('nobody', token());
    expect(await schedules.find('nobody')).toBeNull();
  });

  test('names that look alike are told apart, and every one is listed', async () => {
    const schedules = await makeSchedules();
    const names = [
      'a',
      'a.b',
      'a_b',
      'a-b',
      ...Array.from({ length: 120 }, (_, i) => `job-${String(i).padStart(3, '0')}`),
    ];
    for (const name of names) await schedules.put({ ...nightly, name }, token());
    expect(await schedules.names()).toEqual([...names].sort());
    await schedules.remove('a.b', token());
    expect(await schedules.find('a_b')).not.toBeNull();
  });

  test('of two who write it at once one wins, with all of its wish', async () => {
    const schedules = await makeSchedules();
    const wishes = [nightly, { ...nightly, expression: 'cron(30 4 * * ? *)', timezone: 'UTC', enabled: false }];
    await Promise.all(wishes.map((wish) => schedules.put(wish, token())));
    const found = await schedules.find('nightly');
    expect(wishes.map((wish) => ({ ...wish, deviations: [] }))).toContainEqual(found);
  });
}
