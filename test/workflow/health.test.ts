// Each thing that system-health watches is brought about on real databases, named, and mended as it says.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  systemHealthAnswer,
  type SystemHealthAnswer,
} from '../../shared/operations/migration-analyzer/system-health.ts';
import { setLogSink } from '../../shared/log/current.ts';
import type { LogLine } from '../../shared/log/logger.ts';
import { others, type Others } from '../support/elsewhere.ts';
import { ask, under } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const HEALTH = 'migration-analyzer system-health';
const ROWS = 2000;

let p: Portage;
let other: Others;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, ${ROWS}) n`,
    SURGERY_TARGET,
    surgery,
  );
  other = others(p);
});
afterAll(() => p.end());
beforeEach(async () => {
  if ((await p.value("SELECT to_regclass('portage.operations')")) !== null) await p.empty();
});
afterEach(() => other.end());

async function health(flags: Record<string, unknown> = {}): Promise<SystemHealthAnswer & { exit: number }> {
  const { answer, exit } = await ask(systemHealthAnswer, HEALTH, flags);
  return { ...answer, exit };
}
const wrong = ({ checks }: SystemHealthAnswer): readonly string[] =>
  checks.filter(({ status }) => status === 'problem' || status === 'unknown').map(({ check }) => check);
const found = ({ checks }: SystemHealthAnswer, name: string) => checks.find(({ check }) => check === name);

describe('system-health', () => {
  test('of a target that nobody has migrated into is no problem', async () => {
    const answer = await health({ comprehensive: true });
    expect(wrong(answer)).toEqual([]);
    expect(found(answer, 'ledger')).toMatchObject({ status: 'notice' });
    expect(answer).toMatchObject({ status: 'ok', exit: 0 });
  });

  test('after a migration is ok, check by check', async () => {
    await p.migrate();
    const answer = await health({ comprehensive: true });
    expect(wrong(answer)).toEqual([]);
    expect(answer).toMatchObject({ status: 'ok', exit: 0, alerts: [] });
    expect(answer.checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['rights on the source', 'disk of the target', 'sync jobs', 'size of the ledger']),
    );
  });

  test('names a checkpoint whose owner was killed, and the resume that it advises mends it', async () => {
    const running = await other.atWork();
    running.child.kill('SIGKILL');
    await running.ended;
    expect(wrong(await health())).toEqual([]); // its lease still lasts
    await p.passTime(120);
    const answer = await health();
    expect(wrong(answer)).toEqual(['stale checkpoints']);
    expect(found(answer, 'stale checkpoints')).toMatchObject({
      detail: expect.stringMatching(/^doctors \(in_progress, no sign of life for \d+ s|min/),
      next: 'portage differential-migration resume --entity doctors',
    });
    expect(answer.exit).toBe(1);
    await p.resume(['doctors']);
    expect(wrong(await health())).toEqual([]);
  });

  test('names rows set aside, conflicts, a failed operation and a hold', async () => {
    await p.migrate();
    await p.run(
      'source',
      "INSERT INTO doctor VALUES (9001, 'No office', 1, 99); UPDATE doctor SET fee = 7 WHERE doc_no = 5",
    );
    await p.run('target', 'UPDATE doctors SET fee = 8 WHERE legacy_id = 5');
    await p.migrate();
    await p.run('target', "INSERT INTO portage.settings VALUES ('hold', '2023-12-01 12:00:00 UTC by me')");
    try {
      const answer = await health();
      expect(wrong(answer)).toEqual(['hold', 'open conflicts', 'rows set aside']);
      expect(found(answer, 'open conflicts')!.detail).toBe('doctors 1');
      expect(found(answer, 'rows set aside')!.detail).toBe('doctors 1');
      expect(found(answer, 'hold')!.next).toContain('resume-all');
    } finally {
      await p.run('target', "DELETE FROM portage.settings WHERE name = 'hold'");
      await p.run('source', 'DELETE FROM doctor WHERE doc_no = 9001');
    }
  });

  test('names an operation that failed, until one of its kind went well', async () => {
    await p.migrateAround({
      PrepareEntity: () => Promise.reject(Object.assign(new Error('no right'), { name: 'SYS007' })),
    });
    expect(await p.value('SELECT status FROM operations')).toBe('failed');
    expect(wrong(await health())).toContain('error rate of the last day');
    await p.migrate();
    expect(wrong(await health())).toEqual([]);
  });

  test('names jobs that failed or are overdue', async () => {
    await p.migrate();
    await p.run(
      'target',
      `INSERT INTO portage.synchronization_jobs (map_name, job_name, entities, schedule, status, next_run_at) VALUES
         ('surgery', 'late', '{doctors}', 'daily', 'scheduled', now() - interval '1 hour'), ('surgery', 'broken', '{doctors}', 'daily', 'failed', now()),
         ('surgery', 'resting', '{doctors}', 'daily', 'paused', now() - interval '1 day'), ('surgery', 'fine', '{doctors}', 'daily', 'scheduled', now() + interval '1 hour')`,
    );
    const answer = await health();
    expect(wrong(answer)).toEqual(['sync jobs']);
    expect(found(answer, 'sync jobs')!.detail).toBe('late is overdue by 60 min, broken failed');
  });

  test('cannot say anything of a side that is down, and says so with exit 3; the other side is looked at', async () => {
    await p.migrate();
    const elsewhere = Object.assign(new URL(p.sourceUrl), { port: '1', password: 'not-to-be-shown' }).href;
    const answer = await under({ SOURCE_DB_URL: elsewhere }, () => health());
    expect(answer).toMatchObject({ status: 'unknown', exit: 3 });
    expect(found(answer, 'source database')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('SYS001'),
    });
    expect(found(answer, 'ledger')).toMatchObject({ status: 'ok' });
    expect(JSON.stringify(answer)).not.toContain('not-to-be-shown');
  });

  test('--alert-on-issues tells each problem, and leaves a line in the errors log', async () => {
    await p.migrate();
    await p.run(
      'target',
      "UPDATE portage.migration_checkpoints SET status = 'failed', error_code = 'M006' WHERE entity_type = 'doctors'",
    );
    const lines: LogLine[] = [];
    setLogSink((line) => lines.push(line));
    try {
      const answer = await health({ alertOnIssues: true });
      expect(answer.alerts).toEqual([
        expect.stringMatching(/^unfinished checkpoints: doctors \(failed, M006\)\. Next: /),
      ]);
      expect(lines).toMatchObject([
        { kind: 'errors', level: 'ERROR', event: 'system_health', check: 'unfinished checkpoints' },
      ]);
      expect((await health()).alerts).toEqual([]);
    } finally {
      setLogSink(() => undefined);
    }
  });
});
