// When a figure is a problem, and when it is none.
import { describe, expect, test } from '@jest/globals';
import { leaksOf, pressureOf, tightest, type SessionFact } from '../../shared/domain/health/connections.ts';
import {
  checkpointChecks,
  connectionCheck,
  diskCheck,
  errorRateCheck,
  jobCheck,
  notice,
  ok,
  oldTransactionCheck,
  overall,
  problem,
  unknown,
  wraparoundCheck,
  type CheckpointFact,
} from '../../shared/domain/health/health.ts';

describe('a system is', () => {
  test.each([
    [[ok('a', '')], 'ok'],
    [[ok('a', ''), notice('b', '')], 'ok'],
    [[notice('b', ''), problem('c', '', '')], 'problem'],
    [[problem('c', '', ''), unknown('d', '', '')], 'unknown'],
  ])('%j: %s', (checks, state) => {
    expect(overall(checks)).toBe(state);
  });
});

describe('connections', () => {
  test.each([
    [16, 'enough'],
    [17, 'short'],
    [20, 'exhausted'],
  ])('%i of 20 are %s', (used, pressure) => {
    expect(pressureOf({ name: 'Portage', used, most: 20 })).toBe(pressure);
    expect(connectionCheck('target', [{ name: 'Portage', used, most: 20 }]).status).toBe(
      pressure === 'enough' ? 'ok' : 'problem',
    );
  });

  test('are judged by the limit that is met first', () => {
    const role = { name: 'the role', used: 4, most: 5 } as const;
    expect(tightest([{ name: 'the server', used: 50, most: 100 }, role])).toBe(role);
  });
});

describe('a session is leaked', () => {
  const resting: SessionFact = {
    pid: 1,
    application: 'portage:diff_migration_20231201_123456:orders',
    ours: true,
    role: 'writer',
    client: null,
    state: 'idle',
    stateSeconds: 100,
    transactionSeconds: null,
    waitsFor: null,
    blockedBy: [],
    operationStatus: 'running',
    holdsTable: false,
  };
  const kind = (more: Partial<SessionFact>): string | undefined => leaksOf([{ ...resting, ...more }])[0]?.kind;

  test.each<[Partial<SessionFact>, string | undefined]>([
    [{}, undefined],
    [{ state: 'idle in transaction', stateSeconds: 4.9 }, undefined],
    [{ state: 'idle in transaction', stateSeconds: 5 }, 'idle in transaction'],
    [{ state: 'idle in transaction (aborted)', stateSeconds: 60 }, 'idle in transaction'],
    [{ state: 'active', operationStatus: 'stopped' }, 'works for an ended operation'],
    [{ state: 'active' }, undefined],
    [{ operationStatus: 'completed' }, undefined],
    [{ operationStatus: 'completed', stateSeconds: 900 }, 'not returned'],
    [{ operationStatus: null, stateSeconds: 9000 }, undefined],
    [{ ours: false, state: 'idle in transaction', stateSeconds: 60 }, undefined],
    [{ ours: false, holdsTable: true, state: 'idle in transaction', stateSeconds: 60 }, 'idle in transaction'],
    [{ ours: false, holdsTable: true, state: 'active', stateSeconds: 60, operationStatus: null }, undefined],
  ])('%j: %s', (more, leaked) => {
    expect(kind(more)).toBe(leaked);
  });
});

describe('checkpoints', () => {
  const working: CheckpointFact = {
    entity: 'orders',
    status: 'in_progress',
    operationId: 'diff_migration_20231201_123456',
    silentSeconds: 3,
    errorCode: null,
  };
  const states = (...more: readonly Partial<CheckpointFact>[]) =>
    checkpointChecks(
      more.map((each) => ({ ...working, ...each })),
      60,
    );

  test('are stale once the lease has run out', () => {
    expect(states({ silentSeconds: 59 })[0]).toMatchObject({ status: 'ok', detail: 'none; 1 at work' });
    expect(states({ silentSeconds: 60 })[0]).toMatchObject({
      status: 'problem',
      detail: expect.stringContaining('orders'),
      next: 'portage differential-migration resume --entity orders',
    });
  });
  test('that failed are named with their code', () => {
    expect(states({ status: 'failed', errorCode: 'M006' })[1]!.detail).toBe('orders (failed, M006)');
  });
  test('that nobody has proved are worth a notice', () => {
    expect(states({ status: 'completed_unverified' })[2]).toMatchObject({ status: 'notice', detail: 'orders' });
  });
});

describe('other checks', () => {
  const job = { name: 'daily', status: 'scheduled', overdueSeconds: 0, lastError: null };
  test.each([
    [jobCheck([]), 'ok'],
    [jobCheck([{ ...job, overdueSeconds: 300 }]), 'ok'],
    [jobCheck([{ ...job, overdueSeconds: 301 }]), 'problem'],
    [jobCheck([{ ...job, status: 'paused', overdueSeconds: 9999 }]), 'ok'],
    [jobCheck([{ ...job, status: 'failed', lastError: 'S002' }]), 'problem'],
    [errorRateCheck(1000, 10, 0, 10), 'ok'],
    [errorRateCheck(1000, 11, 0, 11), 'problem'],
    [errorRateCheck(1000, 11, 0, 0), 'ok'],
    [errorRateCheck(0, 0, 1, 0), 'problem'],
    [diskCheck({ freeBytes: 10, totalBytes: 100 }, 1), 'ok'],
    [diskCheck({ freeBytes: 9, totalBytes: 100 }, 1), 'problem'],
    [diskCheck(null, 1), 'notice'],
    [oldTransactionCheck('source', null), 'ok'],
    [oldTransactionCheck('source', 3601), 'problem'],
    [wraparoundCheck('target', 200_000_000), 'ok'],
    [wraparoundCheck('target', 1_000_000_001), 'problem'],
  ])('%j: %s', (check, status) => {
    expect(check.status).toBe(status);
  });
});
