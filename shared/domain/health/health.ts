/** The health of a system as a list of checks: figures in, verdicts out. What is measured stands in shared/database/watch. */
import { pressureOf, tightest, type ConnectionLimit } from './connections.ts';

/** `notice` is worth knowing and no problem; `unknown` could not be looked at. */
export const HEALTH_STATES = ['ok', 'notice', 'problem', 'unknown'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

export interface HealthCheck {
  readonly check: string;
  readonly status: HealthState;
  readonly detail: string;
  readonly next: string | null;
}

export const ok = (check: string, detail: string): HealthCheck => ({ check, status: 'ok', detail, next: null });
export const notice = (check: string, detail: string, next: string | null = null): HealthCheck => ({
  check,
  status: 'notice',
  detail,
  next,
});
export const problem = (check: string, detail: string, next: string): HealthCheck => ({
  check,
  status: 'problem',
  detail,
  next,
});
export const unknown = (check: string, detail: string, next: string): HealthCheck => ({
  check,
  status: 'unknown',
  detail,
  next,
});

/** Not being able to look is worse than what one sees, since it may hide anything. */
const WORST_FIRST: readonly HealthState[] = ['unknown', 'problem', 'notice', 'ok'];

/** The worst of the checks; notices are no reason to call a system anything but ok. */
export function overall(checks: readonly HealthCheck[]): HealthState {
  const worst = WORST_FIRST.find((state) => checks.some(({ status }) => status === state)) ?? 'ok';
  return worst === 'notice' ? 'ok' : worst;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
/** The first of them, and how many there are beside. */
export const listed = (names: readonly string[], most = 5): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
/** Rounded, as a person says it. */
export const age = (seconds: number): string =>
  seconds < 120 ? `${whole(seconds)} s` : seconds < 7200 ? `${whole(seconds / 60)} min` : `${whole(seconds / 3600)} h`;

export function connectionCheck(side: string, limits: readonly ConnectionLimit[]): HealthCheck {
  const check = `connections of the ${side}`;
  const worst = tightest(limits);
  if (worst === null) return unknown(check, 'no limit is known', 'portage migration-analyzer debug-connections');
  const detail = `${worst.used} of ${worst.most} that ${worst.name} allows`;
  const pressure = pressureOf(worst);
  return pressure === 'enough'
    ? ok(check, detail)
    : problem(
        check,
        pressure === 'exhausted' ? `${detail}: the next one is refused` : `${detail}: less than a fifth is left`,
        'portage migration-analyzer debug-connections --show-active',
      );
}

export interface CheckpointFact {
  readonly entity: string;
  readonly status: string;
  readonly operationId: string;
  /** Since the last sign of life of its operation. */
  readonly silentSeconds: number;
  readonly errorCode: string | null;
}

/** Of the newest checkpoint of each entity: in progress with nobody alive, or ended without being done. */
export function checkpointChecks(checkpoints: readonly CheckpointFact[], leaseSeconds: number): readonly HealthCheck[] {
  const stale = checkpoints.filter((c) => c.status === 'in_progress' && c.silentSeconds >= leaseSeconds);
  const running = checkpoints.filter((c) => c.status === 'in_progress' && c.silentSeconds < leaseSeconds);
  const unfinished = checkpoints.filter((c) => c.status === 'failed' || c.status === 'stopped');
  const unverified = checkpoints.filter((c) => c.status === 'completed_unverified');
  return [
    stale.length === 0
      ? ok('stale checkpoints', running.length === 0 ? 'none' : `none; ${running.length} at work`)
      : problem(
          'stale checkpoints',
          listed(
            stale.map(
              (c) => `${c.entity} (in_progress, no sign of life for ${age(c.silentSeconds)}, ${c.operationId})`,
            ),
          ),
          `portage differential-migration resume --entity ${stale.map((c) => c.entity).join(',')}`,
        ),
    unfinished.length === 0
      ? ok('unfinished checkpoints', 'none')
      : problem(
          'unfinished checkpoints',
          listed(unfinished.map((c) => `${c.entity} (${c.status}${c.errorCode === null ? '' : `, ${c.errorCode}`})`)),
          `portage migration-analyzer debug --entity ${unfinished[0]?.entity ?? 'all'}, then portage differential-migration resume --entity all`,
        ),
    ...(unverified.length === 0
      ? []
      : [
          notice(
            'unverified checkpoints',
            listed(unverified.map((c) => c.entity)),
            'Completed by hand, without proof: a run that reads all of it proves it.',
          ),
        ]),
  ];
}

export interface JobFact {
  readonly name: string;
  readonly status: string;
  /** Since it should have begun; null where it is not due. */
  readonly overdueSeconds: number | null;
  readonly lastError: string | null;
}

/** A schedule fires within a minute, and a run needs some seconds to begin. */
const OVERDUE_SECONDS = 300;

export function jobCheck(jobs: readonly JobFact[]): HealthCheck {
  if (jobs.length === 0) return ok('sync jobs', 'none is defined');
  const bad = jobs.flatMap((job) => {
    if (job.status === 'failed') return [`${job.name} failed${job.lastError === null ? '' : `: ${job.lastError}`}`];
    const overdue = job.status === 'scheduled' ? (job.overdueSeconds ?? 0) : 0;
    return overdue > OVERDUE_SECONDS ? [`${job.name} is overdue by ${age(overdue)}`] : [];
  });
  const paused = jobs.filter(({ status }) => status === 'paused').length;
  const calm = `${jobs.length} defined${paused === 0 ? '' : `, ${paused} paused`}`;
  return bad.length === 0
    ? ok('sync jobs', calm)
    : problem('sync jobs', listed(bad), 'portage sync-scheduler health-check --all-jobs');
}

/** Of rows that were read lately: one in a hundred is no stray any more, but an expression or a parent that is wrong. */
const ERROR_RATE = 0.01;

/** @param waiting rows that are set aside now: where none is left, those of the day have been dealt with */
export function errorRateCheck(read: number, setAside: number, operationsFailed: number, waiting: number): HealthCheck {
  const check = 'error rate of the last day';
  const rate = read === 0 ? 0 : setAside / read;
  const detail = `${whole(setAside)} of ${whole(read)} rows set aside (${(rate * 100).toFixed(2)} %)${setAside > 0 && waiting === 0 ? ', none of them any more' : ''}, ${whole(operationsFailed)} ${operationsFailed === 1 ? 'operation' : 'operations'} failed`;
  return (rate > ERROR_RATE && waiting > 0) || operationsFailed > 0
    ? problem(
        check,
        detail,
        operationsFailed > 0
          ? 'portage migration-analyzer debug --entity all'
          : 'portage differential-migration set-aside --entity all',
      )
    : ok(check, detail);
}

export interface Disk {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A load writes the rows, the log of them, the ledger and the undo log: under a tenth, one more may not fit. */
const DISK_SHARE = 0.1;

export function diskCheck(disk: Disk | null, databaseBytes: number): HealthCheck {
  const check = 'disk of the target';
  const size = `the database has ${gib(databaseBytes)}`;
  if (disk === null)
    return notice(
      check,
      `${size}; how much room is left a server does not tell by SQL`,
      'Watch it where the server runs: FreeStorageSpace on RDS.',
    );
  const detail = `${size}; ${gib(disk.freeBytes)} of ${gib(disk.totalBytes)} are free`;
  return disk.freeBytes < disk.totalBytes * DISK_SHARE
    ? problem(check, detail, 'Make room before the next run.')
    : ok(check, detail);
}

const gib = (bytes: number): string =>
  bytes < 2 ** 30 ? `${whole(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Vacuum keeps every row version since then. A snapshot of ours lives five seconds; an hour is somebody's forgotten session. */
const OLD_TRANSACTION_SECONDS = 3600;

export const oldTransactionCheck = (side: string, oldestSeconds: number | null): HealthCheck =>
  oldestSeconds !== null && oldestSeconds > OLD_TRANSACTION_SECONDS
    ? problem(
        `transactions of the ${side}`,
        `the oldest is open for ${age(oldestSeconds)}, and vacuum waits for it`,
        'Find it in pg_stat_activity by xact_start, and end it.',
      )
    : ok(
        `transactions of the ${side}`,
        oldestSeconds === null ? 'none is open' : `the oldest is open for ${age(oldestSeconds)}`,
      );

/** PostgreSQL refuses writes at 2,147 million; autovacuum begins to force itself at 200 million by default. */
const FROZEN_AGE = 1_000_000_000;

export const wraparoundCheck = (side: string, oldestAge: number): HealthCheck =>
  oldestAge > FROZEN_AGE
    ? problem(
        `transaction numbers of the ${side}`,
        `${whole(oldestAge)} since the last freeze; at 2,147 million the server stops writing`,
        'VACUUM FREEZE, and see what keeps autovacuum from it.',
      )
    : ok(`transaction numbers of the ${side}`, `${whole(oldestAge)} since the last freeze`);
