import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localSchedules, schedulesFolder } from '../../shared/schedules/local-schedules.ts';
import { schedulesContract } from './schedules-contract.ts';

const made: string[] = [];
const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'portage-schedules-'));
  made.push(path);
  return path;
};
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));

describe('the port on this machine', () => {
  schedulesContract(async () => localSchedules(join(await folder(), 'not-yet-there')));
});

describe('on this machine', () => {
  test.each(['{"name": "nightly"', '[]', 'null', '{"expression": 5}', ''])(
    'a file that holds %p is a schedule that deviates',
    async (text) => {
      const path = await folder();
      await writeFile(join(path, 'nightly.json'), text);
      const schedules = localSchedules(path);
      expect(await schedules.find('nightly')).toMatchObject({
        enabled: false,
        deviations: ['its file cannot be read'],
      });
      expect(await schedules.names()).toEqual(['nightly']);
    },
  );

  test('two targets never share a folder', () => {
    const target = { host: 'db', port: 5432, name: 'app' };
    const folders = [
      target,
      { ...target, port: 5433 },
      { ...target, name: 'app2' },
      { ...target, host: 'db-5432', name: 'app' },
      { ...target, host: '/var/run/pg', name: 'app' },
      { ...target, host: '-var-run-pg', name: 'app' },
    ].map((each) => schedulesFolder('/home', each));
    expect(new Set(folders).size).toBe(folders.length);
    for (const path of folders) expect(path).toMatch(/^\/home\/schedules\/[\w.-]+$/);
  });
});
