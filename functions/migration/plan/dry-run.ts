/** The plan of a dry run: which entities it reads, and what would keep the real run from beginning. */
import type { MigrateRequest, PlanMigrationOutput, ResetEntityRequest } from '../../../shared/contracts/migration.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { operationIdAt } from '../../../shared/database/ledger/operations.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { eventsOfEstimates, refuseMoreEstimates } from '../../../shared/domain/execution-room.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { retriesIn } from '../../connection-retries.ts';
import { refuseBeyondHistory } from '../../history-room.ts';
import type { Sides } from '../../dependencies.ts';
import { estimateLanes } from '../../lane-plan.ts';
import { addedNotice, chosenEntities, missingParents, refuseActive } from '../../migration-plan.ts';
import type { Invocation } from '../../step.ts';
import { foreseeReset } from './reset-entity.ts';

/** @throws PortageError SYS012 where the estimates would be too many for one state */
export async function planDryRun(
  request: MigrateRequest | ResetEntityRequest,
  sides: Sides,
  deps: Invocation,
  map: EntityMap,
): Promise<PlanMigrationOutput> {
  const plan = await planned(request, sides, deps, map);
  const bytes = Buffer.byteLength(JSON.stringify({ request, plan }));
  refuseMoreEstimates(bytes, plan.entities, 'rehearse' in request && request.rehearse);
  refuseBeyondHistory(eventsOfEstimates(plan.entities.length), plan.entities.length);
  return plan;
}

async function planned(
  request: MigrateRequest | ResetEntityRequest,
  sides: Sides,
  deps: Invocation,
  map: EntityMap,
): Promise<PlanMigrationOutput> {
  const plan = {
    operationId: `dry_${operationIdAt('differential_migration', deps.now())}`,
    dryRun: true,
    connectionRetries: retriesIn(request),
    waves: [],
    deletes: [],
  };
  const lanes = estimateLanes(map, deps);
  if (request.command === 'differential-migration reset-entity') {
    const entities = selectEntities(request.entity, Object.keys(map.entities));
    return { ...plan, entityLanes: lanes, entities, notices: await foreseeReset(sides, map, entities) };
  }
  const { names, added } = chosenEntities(map, request);
  const ledger = (await ledgerVersion(sides.target)) === 0 ? 'none' : 'read';
  const loaded = await loadMap(sides.source, sides.target, map, ledger);
  if (request.rehearse) await refuseActive(sides, loaded, names, deps.config.leaseSeconds);
  const missing = await missingParents(sides, loaded, names);
  return {
    ...plan,
    entityLanes: request.sequential ? 1 : lanes,
    entities: [...names],
    notices: [
      ...addedNotice(added),
      ...(missing.length === 0
        ? []
        : [`M008 the run would be refused: ${missing.join('; ')}, without rows yet. Add --dependency-order`]),
    ],
  };
}
