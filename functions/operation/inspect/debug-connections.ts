/** `migration-analyzer debug-connections`: a side that cannot be reached, or turns us away, is the answer. */
import {
  operationOfSession,
  serverUse,
  sessionFacts,
  withOperationStatus,
} from '../../../shared/database/watch/sessions.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import type { Side } from '../../../shared/database/session.ts';
import { pressureOf, tightest, type SessionFact } from '../../../shared/domain/health/connections.ts';
import { CATALOGUE, isErrorCode } from '../../../shared/domain/errors.ts';
import type { DebugConnectionsAnswer } from '../../../shared/operations/migration-analyzer/debug-connections.ts';
import { lookAt } from '../../one-side.ts';
import type { Invocation } from '../../step.ts';

export interface DebugConnectionsRequest {
  readonly showPoolStats: boolean;
  readonly showActive: boolean;
}

type SideAnswer = DebugConnectionsAnswer['sides'][number];
type Finding = DebugConnectionsAnswer['findings'][number];

const SIDES: readonly Side[] = ['source', 'target'];
const NOBODY = { byState: {}, ours: { all: 0, active: 0, idleInTransaction: 0, waiting: 0 }, limits: [] };

export async function debugConnections(
  request: DebugConnectionsRequest,
  deps: Invocation,
): Promise<DebugConnectionsAnswer> {
  const looked = await Promise.all(SIDES.map((side) => lookAtSide(side, request, deps)));
  return {
    sides: looked.map(({ answer }) => answer),
    ...(request.showPoolStats && { pools: poolsOf(deps) }),
    findings: looked.flatMap(({ answer, sessions }) => findingsOf(answer, sessions)),
    notes: [],
  };
}

async function lookAtSide(
  side: Side,
  { showActive }: DebugConnectionsRequest,
  deps: Invocation,
): Promise<{ answer: SideAnswer; sessions: readonly SessionFact[] }> {
  const { address, found, error } = await lookAt(deps, side, 'debug-connections', async (session, database) => {
    const use = await serverUse(session, database.maxConnections);
    const sessions = (await sessionFacts(session, null)).filter(({ ours }) => ours);
    const known = side === 'target' && (await ledgerVersion(session)) > 0;
    return { use, sessions: known ? await withOperationStatus(session, sessions) : sessions };
  });
  if (found === null) return { answer: { side, address, error, ...NOBODY, pressure: 'unknown' }, sessions: [] };
  const { use, sessions } = found;
  const worst = tightest(use.limits);
  const answer: SideAnswer = {
    side,
    address,
    error: null,
    byState: { ...use.byState },
    ours: { ...use.ours },
    limits: use.limits.map((limit) => ({ ...limit })),
    pressure: worst === null ? 'unknown' : pressureOf(worst),
    ...(showActive && { sessions: sessions.map(shown) }),
  };
  return { answer, sessions };
}

const shown = ({ ours: _ours, holdsTable: _table, blockedBy, ...session }: SessionFact) => ({
  ...session,
  blockedBy: [...blockedBy],
});

function findingsOf(answer: SideAnswer, sessions: readonly SessionFact[]): readonly Finding[] {
  const { side, error, limits } = answer;
  if (error !== null) {
    const next = isErrorCode(error.code) ? CATALOGUE[error.code].next : 'See the log file errors-YYYY-MM-DD.log.';
    return [{ code: error.code, text: `${side}: ${error.message}`, next }];
  }
  const short = limits.flatMap((limit): readonly Finding[] => {
    const pressure = pressureOf(limit);
    if (pressure === 'enough') return [];
    const text = `${side}: ${limit.used} of ${limit.most} connections that ${limit.name} allows are in use${pressure === 'exhausted' ? ', the next is refused' : ''}`;
    return [{ code: 'SYS003', text, next: nextOf(limit.name, side) }];
  });
  const blocked = sessions
    .filter(({ blockedBy }) => blockedBy.length > 0)
    .map((session): Finding => {
      const [, , entity] = session.application.split(':');
      const who = operationOfSession(session.application) ?? session.application;
      return {
        code: 'M010',
        text: `${side}: session ${session.pid} (${who}${entity === undefined ? '' : `, ${entity}`}) waits for ${session.waitsFor ?? 'a lock'} that ${session.blockedBy.join(', ')} has`,
        next: `portage migration-analyzer detect-connection-leaks --entity ${entity ?? 'all'}`,
      };
    });
  return [...short, ...blocked];
}

const nextOf = (limit: SideAnswer['limits'][number]['name'], side: Side): string =>
  limit === 'Portage'
    ? `Raise ${side.toUpperCase()}_DB_MAX_CONNECTIONS, or run with --sequential.`
    : `Find sessions that were not given back: portage migration-analyzer detect-connection-leaks --entity all. Or run with --sequential, or raise what ${limit} allows.`;

/** As the process keeps them that answers; another process has its own. */
const poolsOf = (deps: Invocation): NonNullable<DebugConnectionsAnswer['pools']> =>
  SIDES.flatMap((side) => {
    const database = deps.config[side];
    if (database === null) return [];
    return [{ database: side, ...deps.pool(side), most: database.maxConnections }];
  });
