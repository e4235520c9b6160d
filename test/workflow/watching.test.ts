// The commands that watch for a while: on the real machine, beside real work.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { localExecutions } from '../../cli/local/executions.ts';
import { handler as sample } from '../../functions/operation/sample-resources.ts';
import { intervalOf, scheduleAfter } from '../../shared/domain/health/sampling.ts';
import { memoryLeakCheckAnswer } from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import { monitorConnectionsAnswer } from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import { monitorResourcesAnswer } from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import { during, trigger } from '../support/faults.ts';
import { refused, under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 400) n`,
    SURGERY_TARGET,
    surgery,
  );
});
afterAll(() => p.end());

/** Started as the command line and the console start it. */
async function watch<Answer>(
  schema: { parse(answer: unknown): Answer },
  input: Record<string, unknown>,
): Promise<Answer> {
  const executions = localExecutions();
  const { name } = await executions.start('operation', randomUUID(), input);
  const { status, output, cause } = await executions.wait(name);
  expect([status, cause]).toEqual(['SUCCEEDED', null]);
  return schema.parse(output);
}

describe('when the next look is due', () => {
  test.each([
    [0.1, 60, 1, { done: false, waitSeconds: 1 }],
    [2.9, 10, 5, { done: false, waitSeconds: 2 }],
    [5.2, 10, 5, { done: false, waitSeconds: 5 }],
    [59.4, 60, 1, { done: false, waitSeconds: 1 }],
    [59.6, 60, 1, { done: true, waitSeconds: 1 }],
    [95, 60, 1, { done: true, waitSeconds: 1 }],
  ])('after %d of %d s, every %d s', (elapsed, duration, interval, schedule) => {
    expect(scheduleAfter(elapsed, duration, interval)).toEqual(schedule);
  });
  test.each([
    [1, 1],
    [300, 1],
    [301, 2],
    [86_400, 288],
  ])('%i s are watched every %i s, so that the looks fit into a state', (duration, interval) => {
    expect(intervalOf(duration)).toBe(interval);
  });
});

describe('monitor-connections', () => {
  const command = 'migration-analyzer monitor-connections';

  test('looks every second, and sums up', async () => {
    const answer = await watch(monitorConnectionsAnswer, { command, duration: 2 });
    expect(answer.samples.length).toBeGreaterThanOrEqual(2);
    expect(answer.samples.length).toBeLessThanOrEqual(3);
    expect(answer).toMatchObject({ done: true, findings: [] });
    expect(answer.seconds).toBeGreaterThanOrEqual(1.5);
    expect(answer.sides).toMatchObject([
      { side: 'source', unreachable: 0 },
      { side: 'target', unreachable: 0 },
    ]);
  });

  test('names a limit that was met while it looked, though it is free again at the end', async () => {
    const client = new pg.Client({ connectionString: p.targetUrl, application_name: 'portage:x:doctors' });
    await client.connect();
    setTimeout(() => void client.end(), 1200);
    const answer = await under({ TARGET_DB_MAX_CONNECTIONS: '2' }, () =>
      watch(monitorConnectionsAnswer, { command, duration: 3 }),
    );
    const of = (at: number): number => answer.samples.at(at)!.target!.ours;
    expect(of(0)).toBe(of(-1) + 1);
    expect(answer.findings).toMatchObject([
      { code: 'SYS003', text: expect.stringContaining('of 2 connections that Portage allows') },
    ]);
  });

  test('goes on while a side is down, and says so', async () => {
    const down = Object.assign(new URL(p.sourceUrl), { port: '1' }).href;
    const answer = await under({ SOURCE_DB_URL: down }, () =>
      watch(monitorConnectionsAnswer, { command, duration: 1 }),
    );
    expect(answer.sides[0]).toMatchObject({ unreachable: answer.samples.length, used: null });
    expect(answer.sides[1]).toMatchObject({ unreachable: 0 });
    expect(answer.findings).toMatchObject([{ code: 'SYS001' }]);
  });

  test('takes no nonsense for a duration', async () => {
    for (const duration of [0, -1, 1.5, 86_401, 'long', undefined])
      expect(await refused(command, { duration })).toMatchObject({ code: 'SYS002', exit: 2 });
    expect(await refused('migration-analyzer monitor-resources', { entity: ['docters'], duration: 1 })).toMatchObject({
      code: 'SYS002',
      message: expect.stringContaining('doctors'),
    });
  });
});

describe('monitor-resources', () => {
  test('follows a migration: rows, batches, memory, who is at work', async () => {
    await during(p, 'target', trigger('PERFORM pg_sleep(0.006);'), async () => {
      const running = await p.start({ command: 'differential-migration migrate', batchSize: 20, sequential: true });
      const answer = await watch(monitorResourcesAnswer, {
        command: 'migration-analyzer monitor-resources',
        entity: 'all',
        duration: 5,
      });
      await running.wait();
      const { samples, summary } = answer;
      expect(Math.max(...samples.map(({ atWork }) => atWork))).toBe(1);
      expect(summary.rows).toBeGreaterThan(20);
      expect(summary.rowsPerSecond!.mean).toBeGreaterThan(1);
      // A full batch sleeps 120 ms; the last ones of a table are smaller.
      expect(summary.batchMs!.most).toBeGreaterThanOrEqual(120);
      expect(summary.memoryBytes!.most).toBeGreaterThan(2 ** 20);
      expect(Math.max(...samples.map(({ targetActive }) => targetActive))).toBeGreaterThanOrEqual(1);
      expect(samples.at(-1)!.rows).toBeGreaterThan(samples[0]!.rows);
      expect(summary.findings).toEqual([]);
    });
  });
});

describe('memory-leak-check', () => {
  const command = 'migration-analyzer memory-leak-check';
  const context = { getRemainingTimeInMillis: () => 60_000 } as Parameters<typeof sample>[1];
  const leaked: Uint8Array[] = [];
  afterAll(() => void leaked.splice(0));

  /** The step again and again, without the waits between: time passes by the looks' own account. */
  const looks = (between: () => void) =>
    under({ PORTAGE_STEP_BUDGET_MS: '250' }, async () => {
      let state: Record<string, unknown> = { command, entity: ['doctors'], duration: 600, batchSize: 100 };
      for (let i = 0; i < 8; i++) {
        const sampling = state['sampling'] as { startedAt: string } | undefined;
        // As if a look lasted as long as it says: the clock is moved, the work is cut short.
        if (sampling) sampling.startedAt = new Date(Date.parse(sampling.startedAt) - 29_000).toISOString();
        state = JSON.parse(JSON.stringify(await sample(state, context))) as Record<string, unknown>;
        between();
      }
      return memoryLeakCheckAnswer.parse({ ...(state['answer'] as object) });
    });

  test('reads without writing, and finds a steady process flat', async () => {
    const written =
      "SELECT md5(string_agg(d.xmin::text, ',' ORDER BY id)) AS rows, (SELECT count(*) FROM migration_batches) AS batches FROM doctors d";
    const before = await p.rows(written);
    const answer = await looks(() => undefined);
    expect(answer.growth.verdict).toBe('flat');
    expect(answer.rows).toBeGreaterThan(400);
    expect(await p.rows(written)).toEqual(before);
  });

  test('names a leak: what is kept from look to look', async () => {
    const answer = await looks(() => void leaked.push(new Uint8Array(3 * 2 ** 20).fill(1)));
    expect(answer.growth.verdict).toBe('leak');
    expect(answer.growth.bytesPerMinute!).toBeGreaterThan(4 * 2 ** 20);
  });
});
