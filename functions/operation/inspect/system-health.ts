/** `migration-analyzer system-health`: each side is looked at by itself, so that one which is down hides nothing of the other. */
import type { DatabaseConfig } from '../../../shared/config.ts';
import { readRights } from '../../../shared/database/inspect/rights.ts';
import type { Session, Side } from '../../../shared/database/session.ts';
import { serverAge } from '../../../shared/database/watch/health-facts.ts';
import { serverUse } from '../../../shared/database/watch/sessions.ts';
import { normalEntities, type EntityMap } from '../../../shared/domain/entity-map.ts';
import { CATALOGUE, isErrorCode } from '../../../shared/domain/errors.ts';
import {
  connectionCheck,
  diskCheck,
  oldTransactionCheck,
  ok,
  overall,
  problem,
  unknown,
  wraparoundCheck,
  type HealthCheck,
} from '../../../shared/domain/health/health.ts';
import { logger } from '../../../shared/log/current.ts';
import type { SystemHealthAnswer } from '../../../shared/operations/migration-analyzer/system-health.ts';
import { lookAt } from '../../one-side.ts';
import { limitsOf } from '../../performance-limits.ts';
import type { Invocation } from '../../step.ts';
import { diskOf } from './health/disk.ts';
import { ledgerChecks } from './health/ledger-checks.ts';

export interface SystemHealthRequest {
  readonly comprehensive: boolean;
  readonly alertOnIssues: boolean;
}

export async function systemHealth(request: SystemHealthRequest, deps: Invocation): Promise<SystemHealthAnswer> {
  const map = await deps.configuredMap();
  const of = async (side: Side): Promise<readonly HealthCheck[]> => {
    const { address, found, error } = await lookAt(deps, side, 'system-health', (session, database) =>
      checksOf(session, database, map, request, deps),
    );
    if (found !== null) return [ok(`${side} database`, `reached at ${address}`), ...found];
    const code = error?.code ?? 'SYS008';
    return [
      unknown(
        `${side} database`,
        `${address}: ${code} ${error?.message ?? ''}`,
        isErrorCode(code) ? CATALOGUE[code].next : CATALOGUE.SYS008.next,
      ),
    ];
  };
  const checks = (await Promise.all([of('source'), of('target')])).flat();
  return {
    status: overall(checks),
    at: deps.now().toISOString(),
    checks: checks.map((check) => ({ ...check })),
    alerts: request.alertOnIssues ? alert(checks) : [],
  };
}

async function checksOf(
  session: Session,
  database: DatabaseConfig,
  map: EntityMap,
  { comprehensive }: SystemHealthRequest,
  deps: Invocation,
): Promise<readonly HealthCheck[]> {
  const { side } = session;
  const { limits } = await serverUse(session, database.maxConnections);
  const age = await serverAge(session);
  const general = [connectionCheck(side, limits)];
  const closer = [oldTransactionCheck(side, age.oldestTransactionSeconds), wraparoundCheck(side, age.frozenAge)];
  const rights = comprehensive ? [await rightsCheck(session, map)] : [];
  if (side === 'source') return [...general, ...(comprehensive ? [...rights, ...closer] : [])];
  return [
    ...general,
    diskCheck(await diskOf(database.host, age.dataDirectory), age.databaseBytes),
    ...(await ledgerChecks(session, {
      map,
      leaseSeconds: deps.config.leaseSeconds,
      limits: limitsOf(deps.settings(map)),
      comprehensive,
    })),
    ...(comprehensive ? [...rights, ...closer] : []),
  ];
}

async function rightsCheck(session: Session, map: EntityMap): Promise<HealthCheck> {
  const relations = normalEntities(map).map((entity) => entity[session.side].relation);
  const missing = (await readRights(session, relations)).filter(({ granted }) => !granted);
  const check = `rights on the ${session.side}`;
  return missing.length === 0
    ? ok(check, 'complete')
    : problem(
        check,
        `${missing.length} missing, such as ${missing[0]?.right ?? ''}`,
        'portage migration-analyzer test-connections --verbose',
      );
}

/** A line in the errors log each, by which an alarm is raised; the command line tells them on stderr. */
function alert(checks: readonly HealthCheck[]): string[] {
  const wrong = checks.filter(({ status }) => status === 'problem' || status === 'unknown');
  for (const { check, status, detail, next } of wrong)
    logger('errors').error('system_health', { check, status, detail, next });
  return wrong.map(({ check, detail, next }) => `${check}: ${detail}${next === null ? '' : `. Next: ${next}`}`);
}
