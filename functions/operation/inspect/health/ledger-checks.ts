/** What the ledger says about the health of the map's entities, check by check. */
import { LEDGER_VERSION, ledgerVersion } from '../../../../shared/database/ledger/apply.ts';
import { readHold } from '../../../../shared/database/ledger/hold.ts';
import { lastRuns } from '../../../../shared/database/performance/run-figures.ts';
import type { Session } from '../../../../shared/database/session.ts';
import {
  jobFacts,
  lastDay,
  ledgerBytes,
  newestCheckpoints,
  openWork,
} from '../../../../shared/database/watch/health-facts.ts';
import type { EntityMap } from '../../../../shared/domain/entity-map.ts';
import {
  checkpointChecks,
  errorRateCheck,
  jobCheck,
  notice,
  ok,
  problem,
  type HealthCheck,
} from '../../../../shared/domain/health/health.ts';
import { judgedEnough } from '../../../../shared/domain/performance/judge-run.ts';
import type { Limits } from '../../../../shared/domain/performance/run-figures.ts';

export interface LedgerQuestion {
  readonly map: EntityMap;
  readonly leaseSeconds: number;
  readonly limits: Limits;
  readonly comprehensive: boolean;
}

/** The last of them says whether there is a ledger to ask at all. */
export async function ledgerChecks(target: Session, question: LedgerQuestion): Promise<readonly HealthCheck[]> {
  const version = await ledgerVersion(target);
  if (version === 0) return [notice('ledger', 'there is none yet: nothing was ever migrated')];
  if (version > LEDGER_VERSION)
    return [
      problem(
        'ledger',
        `version ${version}, and this program knows ${LEDGER_VERSION} (SYS006)`,
        'Use the version of Portage that wrote it, or a later one.',
      ),
    ];
  if (version < LEDGER_VERSION)
    return [
      notice(
        'ledger',
        `version ${version}; the next run brings it to ${LEDGER_VERSION}, and the rest is looked at then`,
      ),
    ];
  const { map, leaseSeconds, comprehensive } = question;
  const day = await lastDay(target, map.name);
  const open = await openWork(target, map.name);
  const waiting = Object.values(open.setAside).reduce((sum, rows) => sum + rows, 0);
  return [
    ok('ledger', `version ${version}`),
    holdCheck(await readHold(target)),
    ...checkpointChecks(await newestCheckpoints(target, map.name), leaseSeconds),
    jobCheck(await jobFacts(target, map.name)),
    ...openChecks(open),
    errorRateCheck(day.read, day.setAside, day.failed, waiting),
    ...(comprehensive ? await closerChecks(target, question) : []),
  ];
}

const holdCheck = (hold: string | null): HealthCheck =>
  hold === null
    ? ok('hold', 'operations may begin')
    : problem('hold', `no operation may begin, since ${hold}`, 'portage migration-analyzer resume-all');

function openChecks({ conflicts, setAside }: Awaited<ReturnType<typeof openWork>>): readonly HealthCheck[] {
  const check = (name: string, counts: Readonly<Record<string, number>>, next: string): HealthCheck => {
    const entries = Object.entries(counts);
    return entries.length === 0
      ? ok(name, 'none')
      : problem(name, entries.map(([entity, rows]) => `${entity} ${rows.toLocaleString('en-US')}`).join(', '), next);
  };
  return [
    check('open conflicts', conflicts, 'portage conflict-resolver status --unresolved-only'),
    check('rows set aside', setAside, 'portage differential-migration set-aside --entity all'),
  ];
}

/** Undo log and mappings are most of it; this is beside the data and not in proportion to it. */
async function closerChecks(target: Session, { map, limits }: LedgerQuestion): Promise<readonly HealthCheck[]> {
  const slow: string[] = [];
  const heavy: string[] = [];
  for (const entity of Object.keys(map.entities)) {
    const [run] = await lastRuns(target, map.name, entity, 1);
    if (run === undefined) continue;
    if (judgedEnough(run) && run.rowsPerSecond !== null && run.rowsPerSecond < limits.floor)
      slow.push(`${entity} ${Math.round(run.rowsPerSecond)} rows/s`);
    if (run.memoryBytes !== null && run.memoryBytes.most > limits.memoryBytes)
      heavy.push(`${entity} ${Math.round(run.memoryBytes.most / 2 ** 20)} MiB`);
  }
  const next = 'portage migration-analyzer analyze-performance --entity all --last-run';
  const megabytes = Math.round((await ledgerBytes(target)) / 2 ** 20);
  return [
    slow.length === 0
      ? ok('rate of the last runs', `none that could be judged was under ${limits.floor} rows/s`)
      : problem('rate of the last runs', `${slow.join(', ')}: under ${limits.floor} rows/s (V004)`, next),
    heavy.length === 0
      ? ok('memory of the last runs', `within ${Math.round(limits.memoryBytes / 2 ** 20)} MiB`)
      : problem('memory of the last runs', `${heavy.join(', ')}: over the limit`, next),
    ok('size of the ledger', `${megabytes.toLocaleString('en-US')} MiB`),
  ];
}
