/** The plan of an operation on listed rows: named ones, or those that were set aside. */
import type { MigrateRequest, PlanMigrationOutput, RetryRequest } from '../shared/contracts/migration.ts';
import { readDatabaseIdentity } from '../shared/database/catalog/identity.ts';
import { canonicalKeys } from '../shared/database/engine/legacy-keys.ts';
import { mapHash, type LoadedMap } from '../shared/database/engine/load-entities.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationOfExecution,
  registerMap,
} from '../shared/database/ledger/operations.ts';
import { planCheckpoints, supersedeCheckpoints } from '../shared/database/ledger/planned-checkpoints.ts';
import { interruptedOperation } from '../shared/database/ledger/resume.ts';
import { listedRowsOf } from '../shared/domain/listed-rows.ts';
import { selectEntities } from '../shared/domain/select-entities.ts';
import type { Sides } from './dependencies.ts';
import { plannedOf, refuseActive, refuseMissingParents, refuseMoreThanFit, wavesOf } from './migration-plan.ts';
import { planLanes } from './lane-plan.ts';
import { retriesIn } from './connection-retries.ts';
import { driftNotes } from './schema-drift.ts';
import type { Invocation } from './step.ts';

type ForceRequest = MigrateRequest & { readonly forceRecords: NonNullable<MigrateRequest['forceRecords']> };
type ListRequest = RetryRequest | ForceRequest;
export const isListed = (request: MigrateRequest | RetryRequest): request is ListRequest =>
  request.command !== 'differential-migration migrate' || request.forceRecords !== undefined;

/**
 * An operation on listed rows stands beside the migrations of whole entities: one that was interrupted is not superseded by
 * it, and can be resumed after it.
 */
export async function workList(
  execution: string,
  request: ListRequest,
  loaded: LoadedMap,
  sides: Sides,
  deps: Invocation,
): Promise<PlanMigrationOutput> {
  const { map } = loaded;
  const named = request.command === 'differential-migration migrate' ? request.entities : request.entity;
  const entities = selectEntities(named, Object.keys(map.entities));
  const [only = ''] = entities;
  refuseMoreThanFit(loaded, entities, 'missing-only');
  const lanes = await planLanes({ whole: true }, loaded, sides, deps);
  const output = (operationId: string): PlanMigrationOutput => ({
    operationId,
    dryRun: false,
    entityLanes: lanes.of([]).entityLanes,
    connectionRetries: retriesIn(request),
    entities: [],
    waves: wavesOf(loaded, entities, { sequential: false, listed: true, lanes }),
    deletes: [],
    notices: [],
  });
  const begun = await operationOfExecution(sides.target, execution);
  if (begun?.status === 'running') return output(begun.operationId);
  await refuseActive(sides, loaded, entities, deps.config.leaseSeconds);
  await refuseMissingParents(sides, loaded, entities);
  const earlier = await interruptedOperation(sides.target, map.name, entities, deps.config.leaseSeconds);
  const hash = mapHash(map);
  await registerMap(sides.target, map, hash);
  const forced = request.command === 'differential-migration migrate';
  const operation = await insertOperation(
    sides.target,
    {
      type: 'differential_migration',
      execution,
      batchLabel: (forced ? request.batchId : undefined) ?? batchLabelAt(deps.now()),
      mapName: map.name,
      mapHash: hash,
      mode: forced ? 'full' : 'differential',
      request: {
        ...request,
        entities,
        ...(forced ? { forceRecords: await canonicalKeys(sides.source, loaded, only, request.forceRecords) } : {}),
      },
      sourceDatabase: await readDatabaseIdentity(sides.source),
    },
    deps.now(),
  );
  const drift = await driftNotes(sides.target, loaded, entities);
  await planCheckpoints(
    sides.target,
    operation,
    entities.map((name) => ({ ...plannedOf(loaded, name), rows: null })),
  );
  for (const note of drift) await addNote(sides.target, operation.operationId, note);
  // A list that was begun and is asked for anew is this one.
  if (earlier && listedRowsOf(earlier.operation.request))
    await supersedeCheckpoints(sides.target, earlier.operation.operationId);
  return output(operation.operationId);
}
