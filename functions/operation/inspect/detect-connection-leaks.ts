/** `migration-analyzer detect-connection-leaks`. */
import { operationOfSession, sessionFacts, withOperationStatus } from '../../../shared/database/watch/sessions.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import type { Side } from '../../../shared/database/session.ts';
import { normalEntity, type NormalEntity } from '../../../shared/domain/entity-map.ts';
import { leaksOf, type SessionFact } from '../../../shared/domain/health/connections.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { DetectConnectionLeaksAnswer } from '../../../shared/operations/migration-analyzer/detect-connection-leaks.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';

export interface DetectConnectionLeaksRequest {
  readonly entity: 'all' | readonly string[];
}

export async function detectConnectionLeaks(
  { entity }: DetectConnectionLeaksRequest,
  deps: Invocation,
): Promise<DetectConnectionLeaksAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(entity, Object.keys(map.entities));
  return deps.withSides('detect-connection-leaks', [], async (sides) => {
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const leaks: DetectConnectionLeaksAnswer['leaks'] = [];
    const seen = new Set<string>();
    for (const name of names) {
      for (const side of ['source', 'target'] as const) {
        const found = await sessionsOf(sides, side, normalEntity(map, name), hasLedger);
        for (const { pid } of found) seen.add(`${side} ${pid}`);
        leaks.push(...leaksOf(found).map((leak) => ({ entity: name, side, ...leak })));
      }
    }
    return { sessions: seen.size, leaks, notes: await notesOf(sides) };
  });
}

/** Sessions that work on the entity, by their name, and those of anybody that hold its table. */
async function sessionsOf(
  sides: Sides,
  side: Side,
  entity: NormalEntity,
  hasLedger: boolean,
): Promise<readonly SessionFact[]> {
  const all = await sessionFacts(sides[side], entity[side].relation);
  const own = all.filter(({ application, holdsTable }) => {
    if (holdsTable) return true;
    return operationOfSession(application) !== null && application.split(':')[2] === entity.name;
  });
  return hasLedger ? withOperationStatus(sides.target, own) : own;
}

/** Without it, the server shows neither the state nor the age of other roles' sessions: silence would be no proof. */
async function notesOf({ source, target }: Sides): Promise<string[]> {
  const notes: string[] = [];
  for (const session of [source, target]) {
    const { may } = await session.one<{ may: string }>(
      "SELECT (pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))::text AS may",
    );
    if (may !== 'true')
      notes.push(
        `the ${session.side} shows only sessions of this role: GRANT pg_read_all_stats to it, to see those of the application`,
      );
  }
  return notes;
}
