// What a deployed function tells of itself: lines as CloudWatch reads them, and figures as it counts them.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { figuresOf, observability } from '../../functions/observability.ts';
import { logBatch } from '../../functions/run-log.ts';
import { NOTHING } from '../../shared/domain/action-counts.ts';
import { setLogSink } from '../../shared/log/current.ts';
import type { LogLine } from '../../shared/log/logger.ts';

const lines: string[] = [];
const VARIABLES = {
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'migration',
  POWERTOOLS_METRICS_NAMESPACE: 'Portage',
  PORTAGE_ENVIRONMENT: 'dev',
};
beforeEach(() => {
  Object.assign(process.env, VARIABLES);
  lines.length = 0;
  for (const write of ['log', 'info', 'warn', 'error'] as const)
    jest.spyOn(console, write).mockImplementation((text: unknown) => void lines.push(String(text)));
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const name of Object.keys(VARIABLES)) Reflect.deleteProperty(process.env, name);
});

/** What is written for a line: documents, logs before figures. */
function told(fields: Partial<LogLine>): Record<string, unknown>[] {
  observability().sink({ time: '2026-01-01T00:00:00Z', level: 'INFO', kind: 'migration', event: 'x', ...fields });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a batch is a line, and its figures are counted for the environment and for the entity', () => {
  const [line, all, own, ...more] = told({
    ...{ event: 'migration batch', entity: 'doctors', read: 1000, written: 990, setAside: 10, ms: 500 },
  });
  expect(line).toMatchObject({ level: 'INFO', message: 'migration batch', event: 'migration batch', service: 'migration', entity: 'doctors' }); // prettier-ignore
  const figures = { RowsRead: 1000, RowsWritten: 990, RowsSetAside: 10, BatchTime: 500, RowsPerSecond: 2000 };
  expect(all).toMatchObject({ ...figures, environment: 'dev' });
  expect(all).not.toHaveProperty('entity');
  expect(own).toMatchObject({ ...figures, environment: 'dev', entity: 'doctors' });
  expect(own!['_aws']).toMatchObject({ CloudWatchMetrics: [{ Namespace: 'Portage' }] });
  expect(more).toEqual([]);
});

test.each(['differential_migration', 'synchronization', 'resolution', 'rollback', 'restore', 'repair'] as const)(
  'a batch of a %s is counted',
  (operationType) => {
    const told: LogLine[] = [];
    setLogSink((line) => void told.push(line));
    const batch = { entity: 'doctors', slice: 0, range: { from: null, to: null }, readMs: 100, writeMs: 400 };
    const counts = { ...NOTHING, read: 1000, inserted: 600, updated: 300, deleted: 90, setAside: 10 };
    logBatch({ operationId: 'o', operationType })({ ...batch, counts, memoryBytes: 0, bytes: 0 });
    setLogSink(() => undefined);

    const { by, figures } = figuresOf(told[0]!)!;
    expect(by).toEqual({ entity: 'doctors' });
    expect(Object.fromEntries(figures.map(({ name, value }) => [name, value]))).toEqual({
      ...{ RowsRead: 1000, RowsWritten: 990, RowsSetAside: 10, BatchTime: 500, RowsPerSecond: 2000 },
    });
  },
);

test('what went wrong stands in the line of an error, under a name that Powertools does not keep for itself', () => {
  const [line, ...more] = told({ level: 'ERROR', event: 'migration failed', code: 'M003', message: 'no such parent' });
  expect(line).toMatchObject({ level: 'ERROR', message: 'migration failed', code: 'M003', reason: 'no such parent' });
  expect(more).toEqual([]);
});

test('a batch of a few rows says nothing of the rate', () => {
  const [, all] = told({ event: 'migration batch', entity: 'doctors', read: 3, written: 0, setAside: 0, ms: 20 });
  expect(all).toMatchObject({ RowsRead: 3 });
  expect(all).not.toHaveProperty('RowsPerSecond');
});

test.each([
  ['system_health', { check: 'open conflicts' }, { HealthProblems: 1 }],
  ['job_health', { finding: 'overdue' }, { JobProblems: 1 }],
])('a problem that %s finds raises a figure', (event, fields, figure) => {
  const [line, all, own] = told({ event, level: 'ERROR', kind: 'errors', ...fields });
  expect(line).toMatchObject({ level: 'ERROR' });
  expect(all).toMatchObject(figure);
  expect(own).toMatchObject({ ...figure, ...fields });
});

test('a line that counts nothing is a line', () => {
  expect(told({ event: 'connection retried', level: 'WARN' })).toMatchObject([{ level: 'WARN' }]);
});
