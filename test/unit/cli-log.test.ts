import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { localDate, logFiles, type LogFiles } from '../../cli/local/log-files.ts';
import { logger, setLogSink } from '../../shared/log/current.ts';
import type { LogLine } from '../../shared/log/logger.ts';

let folder: string;
let files: LogFiles;
let now: Date;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'portage-log-')), 'logs');
  now = new Date(2023, 11, 1, 23, 59);
  files = logFiles(folder, () => now);
  setLogSink(files.sink);
});
afterEach(() => {
  files.close();
  setLogSink(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

const lines = (file: string): LogLine[] =>
  readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);

test('a line is JSON with time, level in capitals, event and fields, in the file of its kind and local day', () => {
  logger('migration', { operation: 'o1' }).info('migration batch', { rows: 5 });
  expect(lines('migration-2023-12-01.log')).toEqual([
    { time: expect.any(String), level: 'INFO', kind: 'migration', event: 'migration batch', operation: 'o1', rows: 5 },
  ]);
});

test('the next day begins a new file', () => {
  const log = logger('sync');
  log.info('sync_operation', { status: 'success' });
  now = new Date(2023, 11, 2, 0, 0);
  log.info('sync_operation', { status: 'success' });
  expect(readdirSync(folder).sort()).toEqual(['sync-2023-12-01.log', 'sync-2023-12-02.log']);
});

test('an error stands in its own kind and among the errors, as the greps of the guide look for it', () => {
  logger('migration').error('differential-migration migrate failed', { code: 'M001' });
  for (const file of ['migration-2023-12-01.log', 'errors-2023-12-01.log']) {
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toMatch(/ERROR/);
    expect(text).toMatch(/migration.*failed/);
  }
});

test('no secret reaches a file', () => {
  const error = Object.assign(new Error('connect postgres://u:hunter2@h/d'), { parameters: ['hunter2'] });
  logger().error('migration failed', {
    url: 'postgres://u:hunter2@h:5432/d',
    password: 'hunter2',
    nested: { TARGET_DB_PASSWORD: 'hunter2', list: ['password=hunter2'], sessionToken: 'hunter2' },
    error,
  });
  const text = readFileSync(join(folder, 'errors-2023-12-01.log'), 'utf8');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('postgres://u:***@h:5432/d');
});

test('a secret ARN and a count of tokens are no secrets', () => {
  logger().info('migration batch', { secretArn: 'arn:aws:x', tokens: 3, passwords: null });
  expect(lines('migration-2023-12-01.log')[0]).toMatchObject({ secretArn: 'arn:aws:x', tokens: 3, passwords: null });
});

test('what JSON cannot hold does not break a log line', () => {
  const circular: Record<string, unknown> = { rows: 5n };
  circular['self'] = circular;
  expect(() => logger().info('migration batch', circular)).not.toThrow();
});

test('local dates are those of the clock on the wall', () => {
  expect(localDate(new Date(2024, 0, 5, 0, 30))).toBe('2024-01-05');
});
