/** The plan of a rollback: which operations, by which steps, and who else is in the way. */
import type { KeptRow, PlanRecoveryOutput, RecoveryItem, RecoveryRequest } from '../../../shared/contracts/recovery.ts';
import { readDatabaseIdentity } from '../../../shared/database/catalog/identity.ts';
import { loadMap, type LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { applyLedger, ledgerVersion, LEDGER_VERSION } from '../../../shared/database/ledger/apply.ts';
import { openUnlessHeld, refuseHeld } from '../../../shared/database/ledger/hold.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationIdAt,
  operationOfExecution,
  readMap,
  reopenOperation,
  type Operation,
} from '../../../shared/database/ledger/operations.ts';
import { planCheckpoints } from '../../../shared/database/ledger/planned-checkpoints.ts';
import { whilePlanning } from '../../../shared/database/ledger/plan-lock.ts';
import { saveRollback, takenBackBy, unfinishedRollbacks } from '../../../shared/database/ledger/rollbacks.ts';
import { undoSteps, type UndoStep } from '../../../shared/database/ledger/rollback-steps.ts';
import { isOperationAlive } from '../../../shared/database/ledger/alive.ts';
import { connectedEntities } from '../../../shared/domain/connected-entities.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { eventsOfRecovery } from '../../../shared/domain/execution-room.ts';
import type { Sides } from '../../dependencies.ts';
import { lanesOf } from '../../lane-plan.ts';
import { refuseBeyondHistory } from '../../history-room.ts';
import type { Invocation } from '../../step.ts';
import { estimateRollback } from '../estimate/rollback.ts';
import { refuseActive, refuseRunning } from './in-the-way.ts';
import { chooseOperations, type Chosen } from './choose-operations.ts';

/** The entities of the plan's operations, compiled by the map of each. */
interface Facts {
  readonly maps: ReadonlyMap<string, LoadedMap>;
  readonly steps: readonly UndoStep[];
  readonly items: readonly RecoveryItem[];
}

export async function planRollback(
  execution: string,
  request: RecoveryRequest,
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  const map = await deps.configuredMap();
  const lanes = lanesOf(map, deps);
  return deps.withSides('plan', [], async (sides) => {
    const { target } = sides;
    const version = await ledgerVersion(target);
    if (version === 0)
      throw new PortageError('SYS002', 'nothing was ever migrated into this target', { got: 'no ledger' });
    if (request.dryRun && version < LEDGER_VERSION) throw olderLedger(version);
    if (!request.dryRun) {
      await applyLedger(target);
      await refuseHeld(target);
    }
    const chosen = await chooseOperations(target, request, map);
    if (chosen.operations.length === 0) return nothing(request, chosen.notices);
    const facts = await factsOf(sides, chosen);
    refuseBeyondHistory(eventsOfRecovery(1, facts.items.length), facts.items.flatMap((item) => item.entities).length);
    const output = (operationId: string, notices: readonly string[]): PlanRecoveryOutput => ({
      operationId,
      kind: 'rollback',
      dryRun: request.dryRun,
      lanes,
      operations: chosen.operations.map((each) => each.operationId),
      stages: request.dryRun ? [] : [{ items: [...facts.items] }],
      items: request.dryRun ? [...facts.items] : [],
      notices: [...chosen.notices, ...notices],
    });
    const refused = await refusedBy(request, facts, chosen, deps);
    if (refused !== null) return { ...nothing(request, []), notices: [...chosen.notices, NOT_ALONE], refused };
    if (request.dryRun) return output(`dry_${operationIdAt('rollback', deps.now())}`, []);
    return whilePlanning(target, map.name, () => begin(execution, request, chosen, facts, sides, deps, output));
  });
}

const NOT_ALONE =
  'Nothing was done: rows refer to rows that would go. Without --preserve-deps those alone stay, and the rest is taken back.';

/** With --preserve-deps: rows that would have to stay because others refer to them; null where there is none. */
async function refusedBy(
  request: RecoveryRequest,
  facts: Facts,
  chosen: Chosen,
  deps: Invocation,
): Promise<NonNullable<PlanRecoveryOutput['refused']> | null> {
  if (request.command !== 'differential-migration rollback-entity' || !request.preserveDeps) return null;
  const operations = chosen.operations.map((each) => each.operationId);
  const kept: KeptRow[] = [];
  let keptRows = 0;
  for (const item of facts.items) {
    const input = {
      operationId: 'dry',
      kind: 'rollback' as const,
      request,
      operations,
      ...item,
      items: facts.items.length,
    };
    const estimate = await estimateRollback(input, deps);
    kept.push(...estimate.referred);
    keptRows += estimate.referredRows;
  }
  return keptRows === 0 ? null : { kept, keptRows };
}

const olderLedger = (version: number): PortageError =>
  new PortageError('SYS002', 'the ledger of this target is of an earlier version, which keeps less to take back', {
    got: `version ${version}`,
    expected: `version ${LEDGER_VERSION}`,
    next: 'Any command that writes brings it up to date: portage differential-migration migrate --entities all',
  });

const nothing = (request: RecoveryRequest, notices: readonly string[]): PlanRecoveryOutput => ({
  operationId: '',
  kind: 'rollback',
  dryRun: request.dryRun,
  lanes: 1,
  operations: [],
  stages: [],
  items: [],
  notices: [...notices, 'nothing to take back'],
});

/** Entities that are connected form a slice; an operation has one map, and several may have several. */
async function factsOf(sides: Sides, { operations }: Chosen): Promise<Facts> {
  const maps = new Map<string, LoadedMap>();
  const steps: UndoStep[] = [];
  for (const each of operations) {
    if (!maps.has(each.mapHash)) {
      const map = await readMap(sides.target, each.mapName, each.mapHash);
      maps.set(each.mapHash, await loadMap(sides.source, sides.target, map, 'read'));
    }
    steps.push(...(await undoSteps(sides.target, each)));
  }
  const names = new Map<number, string>();
  const tables = new Map<string, Parameters<typeof connectedEntities>[0][number]>();
  for (const loaded of maps.values())
    for (const [name, { entityId }] of loaded.entities) {
      const table = loaded.relations.get(name)?.target;
      if (entityId === null || table === undefined) continue;
      names.set(entityId, name);
      tables.set(name, { entity: name, table });
    }
  const together = steps.map((step) => step.entityIds.flatMap((id) => names.get(id) ?? []));
  const concerned = new Set(together.flat());
  const groups = connectedEntities([...tables.values()], together)
    .map((group) => group.filter((name) => concerned.has(name)))
    .filter((group) => group.length > 0);
  return { maps, steps, items: groups.map((entities, slice) => ({ slice, entities: [...entities] })) };
}

type Output = (operationId: string, notices: readonly string[]) => PlanRecoveryOutput;

/** Continues a rollback of the same operations that was interrupted, or opens one. */
async function begin(
  execution: string,
  request: RecoveryRequest,
  chosen: Chosen,
  facts: Facts,
  sides: Sides,
  deps: Invocation,
  output: Output,
): Promise<PlanRecoveryOutput> {
  const { target } = sides;
  // The service may run this step twice for one execution: the second time finds what the first has opened.
  const begun = await operationOfExecution(target, execution);
  if (begun?.status === 'running') return output(begun.operationId, []);
  await refuseRunning(target, chosen.operations, deps.config.leaseSeconds);
  const [earlier] = await unfinishedRollbacks(
    target,
    chosen.operations.map((each) => each.operationNo),
  );
  if (earlier) return continueEarlier(earlier, execution, chosen, sides, deps, output);
  await refuseActive(
    target,
    facts.maps,
    facts.items.flatMap((item) => item.entities),
    deps.config.leaseSeconds,
  );
  const [newest] = chosen.operations;
  if (newest === undefined) return output('', []);
  const operation = await openUnlessHeld(target, async () => {
    const opened = await insertOperation(
      target,
      {
        type: 'rollback',
        execution,
        batchLabel: batchLabelAt(deps.now()),
        mapName: newest.mapName,
        mapHash: newest.mapHash,
        mode: 'differential',
        request,
        sourceDatabase: await readDatabaseIdentity(sides.source),
      },
      deps.now(),
    );
    const loaded = [...facts.maps.values()];
    await planCheckpoints(
      target,
      opened,
      facts.items
        .flatMap((item) => item.entities)
        .flatMap((name) => {
          const of = loaded.find((each) => each.entities.has(name));
          const entityId = of?.entities.get(name)?.entityId ?? null;
          if (of === undefined || entityId === null) return [];
          return [{ entity: name, entityId, catalogHash: of.catalogHash(name), rows: null }];
        }),
    );
    const sliceOf = (step: UndoStep): number =>
      facts.items.find((item) =>
        item.entities.some((name) =>
          loaded.some((each) => step.entityIds.includes(each.entities.get(name)?.entityId ?? -1)),
        ),
      )?.slice ?? 0;
    await saveRollback(
      target,
      opened.operationNo,
      chosen.operations,
      facts.items.map(({ slice }) => ({ slice, steps: facts.steps.filter((step) => sliceOf(step) === slice) })),
    );
    return opened;
  });
  for (const notice of chosen.notices) await addNote(target, operation.operationId, notice);
  return output(operation.operationId, []);
}

const sameText = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x) => b.includes(x));

async function continueEarlier(
  earlier: Operation,
  execution: string,
  chosen: Chosen,
  sides: Sides,
  deps: Invocation,
  output: Output,
): Promise<PlanRecoveryOutput> {
  const { target } = sides;
  const { operationId } = earlier;
  const alive = earlier.status === 'running' && (await isOperationAlive(target, operationId, deps.config.leaseSeconds));
  const taken = await takenBackBy(target, earlier.operationNo);
  const same = sameText(
    taken.map((each) => each.operationId),
    chosen.operations.map((each) => each.operationId),
  );
  if (alive || !same) {
    const { command, ...flags } = earlier.request;
    throw new PortageError('M001', alive ? 'a rollback of it is running' : 'a rollback of it was interrupted', {
      got: `${operationId} of ${taken.map((each) => each.operationId).join(', ')}`,
      expected: 'one rollback of an operation at a time',
      next: alive
        ? 'Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful'
        : `Continue it with the same command: ${String(command)} ${JSON.stringify(flags)}`,
    });
  }
  await openUnlessHeld(target, () => reopenOperation(target, operationId, execution));
  const note = `continues ${operationId}, which was interrupted`;
  await addNote(target, operationId, note);
  return output(operationId, [note]);
}
