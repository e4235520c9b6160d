/** First state of a migration: checks the request against map and catalogs, opens the operation, and orders the entities. */
import type { MigrateRequest, PlanMigrationOutput, ResumeRequest } from '../../shared/contracts/migration.ts';
import { migrationRequest, planMigrationInput, planMigrationOutput } from '../../shared/contracts/migration.ts';
import { relationName } from '../../shared/domain/entity-map.ts';
import { listedRowsOf } from '../../shared/domain/listed-rows.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import type { LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { loadMap, mapHash } from '../../shared/database/engine/load-entities.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { liftHold, openUnlessHeld, refuseHeld } from '../../shared/database/ledger/hold.ts';
import { whilePlanning } from '../../shared/database/ledger/plan-lock.ts';
import { planCheckpoints, supersedeCheckpoints } from '../../shared/database/ledger/planned-checkpoints.ts';
import { interruptedOperation, obstacle, planResume, unfinishedOf } from '../../shared/database/ledger/resume.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationOfExecution,
  registerMap,
  renewRequest,
  reopenOperation,
  type Operation,
} from '../../shared/database/ledger/operations.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import { readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { checkedInput } from '../checked-input.ts';
import type { Sides } from '../dependencies.ts';
import type { Invocation } from '../step.ts';
import { driftNotes } from '../schema-drift.ts';
import { isListed, workList } from '../list-plan.ts';
import { step } from '../step.ts';
import { retriesIn, tellRetries } from '../connection-retries.ts';
import { planLanes } from '../lane-plan.ts';
import {
  addedNotice,
  chosenEntities,
  deletesOf,
  plannedWithCosts,
  refuseActive,
  refuseMissingParents,
  refuseMoreThanFit,
  wavesOf,
} from '../migration-plan.ts';
import { planDryRun } from './plan/dry-run.ts';
import { resetEntity } from './plan/reset-entity.ts';

const EXAMPLE = '{"command": "differential-migration migrate", "entities": "all"}';

export async function planMigration(
  input: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanMigrationOutput> {
  const request = checkedInput(migrationRequest, input.request, { example: EXAMPLE });
  const map = await deps.configuredMap();
  const schemas = [...new Set(Object.values(map.entities).map((entity) => relationName(entity.source.table).schema))];
  return deps.withSides('plan', schemas, async (sides) => {
    const dryRun = 'dryRun' in request && request.dryRun;
    const faults = (await checkMap(sides, map)).filter((fault) => fault.severity === 'fault');
    if (faults.length > 0) throw faultsError(faults);
    if (dryRun) return planDryRun(request, sides, deps, map);
    await applyLedger(sides.target);
    const lifted = request.command === RESUME_ALL && (await liftHold(sides.target));
    await refuseHeld(sides.target);
    const loaded = await loadMap(sides.source, sides.target, map, 'register');
    const planned = await whilePlanning(sides.target, map.name, () => {
      switch (request.command) {
        case 'differential-migration reset-entity':
          return resetEntity(input.execution, request, loaded, sides, deps);
        case 'differential-migration resume':
          return resume(input.execution, request.entity, loaded, sides, deps);
        case RESUME_ALL:
          return resume(input.execution, 'all', loaded, sides, deps);
        default:
          return isListed(request)
            ? workList(input.execution, request, loaded, sides, deps)
            : migrate(input.execution, request, loaded, sides, deps);
      }
    });
    if (planned.operationId !== '') await tellRetries(sides.target, planned.operationId);
    return lifted ? { ...planned, notices: ['the hold is lifted', ...planned.notices] } : planned;
  });
}

const NOTHING_PLANNED = {
  operationId: '',
  dryRun: false,
  entityLanes: 1,
  connectionRetries: 0,
  entities: [],
  waves: [],
  deletes: [],
};
const RESUME_ALL = 'migration-analyzer resume-all';

async function migrate(
  execution: string,
  asked: MigrateRequest,
  loaded: LoadedMap,
  sides: Sides,
  deps: Invocation,
): Promise<PlanMigrationOutput> {
  const { map } = loaded;
  const hash = mapHash(map);
  const { names: entities, added } = chosenEntities(map, asked);
  // What the operation is about stands in its request: whoever continues or ends it does not choose anew.
  const request = added.length === 0 ? asked : { ...asked, entities: [...entities] };
  refuseMoreThanFit(loaded, entities, request.mode);
  const lanes = await planLanes(request, loaded, sides, deps);
  const output = (operationId: string, chosen: readonly string[]): PlanMigrationOutput => ({
    operationId,
    dryRun: false,
    connectionRetries: retriesIn(request),
    entityLanes: lanes.of([]).entityLanes,
    entities: [],
    waves: wavesOf(loaded, chosen, { sequential: request.sequential, lanes }),
    deletes: deletesOf(loaded, chosen, request.mode),
    notices: [...addedNotice(added), ...lanes.notices],
  });
  // The service may run this step twice for one execution: the second time finds what the first has opened.
  const begun = await operationOfExecution(sides.target, execution);
  if (begun?.status === 'running') return output(begun.operationId, entities);
  await refuseActive(sides, loaded, entities, deps.config.leaseSeconds);
  await refuseMissingParents(sides, loaded, entities);
  await registerMap(sides.target, map, hash);
  const earlier = await interruptedOperation(sides.target, map.name, entities, deps.config.leaseSeconds);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  const same =
    earlier !== null &&
    listedRowsOf(earlier.operation.request) === null &&
    earlier.operation.mode === request.mode &&
    sameEntities(earlier.operation.request['entities'], request.entities) &&
    (await obstacle(sides.target, loaded, earlier.operation, entities, { mapHash: hash, sourceDatabase })) === null;
  if (earlier && same) {
    await openUnlessHeld(sides.target, async () => {
      await reopenOperation(sides.target, earlier.operation.operationId, execution);
      await renewRequest(sides.target, earlier.operation.operationId, request);
    });
    await addNote(
      sides.target,
      earlier.operation.operationId,
      `continues ${earlier.operation.operationId}, which was interrupted`,
    );
    return output(
      earlier.operation.operationId,
      entities.filter((entity) => !earlier.completed.includes(entity)),
    );
  }
  const drift = await driftNotes(sides.target, loaded, entities);
  const planned = await plannedWithCosts(sides.target, loaded, entities);
  const operation = await openUnlessHeld(sides.target, async () => {
    const opened = await insertOperation(
      sides.target,
      {
        type: 'differential_migration',
        execution,
        batchLabel: request.batchId ?? batchLabelAt(deps.now()),
        mapName: map.name,
        mapHash: hash,
        mode: request.mode,
        request,
        sourceDatabase,
      },
      deps.now(),
    );
    await planCheckpoints(sides.target, opened, planned);
    return opened;
  });
  if (earlier) await supersedeCheckpoints(sides.target, earlier.operation.operationId);
  if (earlier)
    await addNote(
      sides.target,
      operation.operationId,
      `supersedes ${earlier.operation.operationId}, which was interrupted and had another map, schema, source, mode or choice of entities`,
    );
  for (const note of drift) await addNote(sides.target, operation.operationId, note);
  return output(operation.operationId, entities);
}

const sameEntities = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? 'all') === JSON.stringify(b ?? 'all');

async function resume(
  execution: string,
  selection: ResumeRequest['entity'],
  loaded: LoadedMap,
  sides: Sides,
  deps: Invocation,
): Promise<PlanMigrationOutput> {
  const names = selectEntities(selection, Object.keys(loaded.map.entities));
  const output = async (
    operation: Operation,
    entities: readonly string[],
    others: readonly string[],
  ): Promise<PlanMigrationOutput> => {
    const sequential = operation.request['sequential'] === true;
    const listed = listedRowsOf(operation.request) !== null;
    const lanes = await planLanes({ ...operation.request, whole: listed }, loaded, sides, deps);
    return {
      operationId: operation.operationId,
      dryRun: false,
      connectionRetries: retriesIn(operation.request),
      entityLanes: lanes.of([]).entityLanes,
      entities: [],
      waves: wavesOf(loaded, entities, { sequential, listed, lanes }),
      deletes: listed ? [] : deletesOf(loaded, entities, operation.mode),
      notices: [...lanes.notices, ...others.map((id) => `${id} was interrupted too: resume once more to continue it`)],
    };
  };
  const facts = {
    names,
    all: selection === 'all',
    mapHash: mapHash(loaded.map),
    sourceDatabase: await readDatabaseIdentity(sides.source),
    leaseSeconds: deps.config.leaseSeconds,
  };
  // The service may run this step twice for one execution: the second time finds what the first has taken up.
  const begun = await operationOfExecution(sides.target, execution);
  if (begun?.status === 'running') return output(begun, await unfinishedOf(sides.target, begun, names), []);
  await refuseActive(sides, loaded, names, deps.config.leaseSeconds);
  const plan = await planResume(sides.target, loaded, facts);
  if (plan === null) return { ...NOTHING_PLANNED, notices: [] };
  refuseMoreThanFit(loaded, plan.entities, plan.operation.mode);
  await openUnlessHeld(sides.target, () => reopenOperation(sides.target, plan.operation.operationId, execution));
  return output(plan.operation, plan.entities, plan.others);
}

export const handler = step(
  'PlanMigration',
  { input: planMigrationInput, output: planMigrationOutput, besideRequest: true },
  planMigration,
);
