/**
 * What every repair is: an operation of its own, found again by the name of its execution; one writer an entity, by
 * checkpoint and fence as in a migration; ranges looked through one after the other, and what is found in one mended before
 * the next. Interrupted, it is simply begun anew: what is mended is not found again.
 */
import type { RowProgress } from '../shared/contracts/operation.ts';
import { readDatabaseIdentity } from '../shared/database/catalog/identity.ts';
import { inBatch } from '../shared/database/engine/batch-frame.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import { mapHash } from '../shared/database/engine/load-entities.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import { bringOverBases } from '../shared/database/ledger/bases.ts';
import { claimEntity, endCheckpoint } from '../shared/database/ledger/checkpoints.ts';
import { openUnlessHeld } from '../shared/database/ledger/hold.ts';
import {
  batchLabelAt,
  endOperation,
  insertOperation,
  mustBeOf,
  operationOfExecution,
  registerMap,
  type Operation,
} from '../shared/database/ledger/operations.ts';
import { whilePlanning } from '../shared/database/ledger/plan-lock.ts';
import { summarize, type EntitySummary } from '../shared/database/ledger/progress.ts';
import type { KeyRange } from '../shared/database/sql/range.ts';
import { NOTHING } from '../shared/domain/action-counts.ts';
import type { EntityMap } from '../shared/domain/entity-map.ts';
import { PortageError } from '../shared/domain/errors.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { entityOf, withWorker } from './entity-worker.ts';
import { isDone, workRows, type RowWork } from './row-work.ts';
import type { Invocation } from './step.ts';
import { ownerOf } from '../shared/domain/owner.ts';

export interface RepairRequest {
  readonly command: string;
  readonly batchId?: string | undefined;
}

/** What is particular to a repair. */
export interface Repair<Found> {
  readonly entities: readonly string[];
  begin(
    sides: Sides,
    loaded: LoadedMap,
    entity: string,
  ): Promise<{ readonly bounds: readonly string[]; readonly found: Found }>;
  /** Looks through a range and mends what it finds, in batches. @returns `touched`: rows that were written */
  range(
    worker: Worker,
    loaded: LoadedMap,
    range: KeyRange,
    found: Found,
  ): Promise<{ readonly found: Found; readonly rows: number; readonly touched: number; readonly stopped: boolean }>;
  end(worker: Worker, loaded: LoadedMap, found: Found): Promise<Found>;
}

/** Steps that belong to no slice work under this number; the ranges that were looked through stand under 0, as a migration's. */
const NO_SLICE = -1;
const LOOKED_THROUGH = 0;

async function openOperation(
  sides: Sides,
  map: EntityMap,
  execution: string,
  request: RepairRequest,
  entities: readonly string[],
  deps: Invocation,
): Promise<Operation> {
  // The service may run this step twice for one execution: the second time finds what the first has opened.
  const begun = await operationOfExecution(sides.target, execution);
  if (begun) return begun;
  const hash = mapHash(map);
  await registerMap(sides.target, map, hash);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  return whilePlanning(sides.target, map.name, () =>
    openUnlessHeld(sides.target, () =>
      insertOperation(
        sides.target,
        {
          type: 'repair',
          execution,
          batchLabel: request.batchId ?? batchLabelAt(deps.now()),
          mapName: map.name,
          mapHash: hash,
          mode: 'differential',
          request: { ...request, entities },
          sourceDatabase,
        },
        deps.now(),
      ),
    ),
  );
}

/** Goes on from `progress` until the time is up. @throws PortageError M013 when it is asked to stop */
export async function workRepair<Found>(
  repair: Repair<Found>,
  sides: Sides,
  map: EntityMap,
  execution: string,
  request: RepairRequest,
  progress: RowProgress,
  deps: Invocation,
): Promise<RowProgress> {
  if (isDone(repair, progress)) return progress;
  const operation = await openOperation(sides, map, execution, request, repair.entities, deps);
  const { operationId } = operation;
  mustBeOf(operation, execution);
  const claims: Record<string, { checkpointId: string; fence: number }> = { ...progress.claims };
  const claimed = async <T>(
    name: string,
    work: (worker: Worker, loaded: LoadedOperation) => Promise<T>,
  ): Promise<T> => {
    const claim = claims[name];
    if (claim === undefined) throw new PortageError('SYS008', `no checkpoint of ${name}`, { where: name });
    return withWorker(deps, { operationId, entity: name, ...claim }, NO_SLICE, async (worker, loaded) => {
      mustBeOf(loaded.operation, execution);
      if (worker === null) throw takenOver(name, operationId);
      if (loaded.operation.stopRequested) throw new PortageError('M013', 'Stopped on request');
      return work(worker, loaded);
    });
  };
  const work: RowWork<Found> = {
    entities: repair.entities,
    async begin(name) {
      const loaded = await deps.loadOperation(sides, operationId);
      const entity = entityOf(loaded, name);
      const checkpoint = await claimEntity(sides.target, {
        operation,
        entity: name,
        entityId: entity.entityId ?? 0,
        owner: ownerOf(execution, deps.host),
        catalogHash: loaded.catalogHash(name),
        leaseSeconds: deps.config.leaseSeconds,
      });
      claims[name] = { checkpointId: checkpoint.id, fence: checkpoint.fence };
      // Now that nobody else writes it: what is written is compared with bases of the map as it is.
      await bringOverBases(sides, entity);
      return repair.begin(sides, loaded, name);
    },
    range: (name, range, found) =>
      claimed(name, async (worker, loaded) => {
        const done = await repair.range(worker, loaded, range, found);
        if (done.stopped) throw new PortageError('M013', 'Stopped on request');
        await inBatch({ ...worker, slice: LOOKED_THROUGH }, range, () =>
          Promise.resolve({
            counts: { ...NOTHING, read: done.rows, unchanged: Math.max(0, done.rows - done.touched) },
            readMs: 0,
          }),
        );
        return done.found;
      }),
    end: (name, found) => claimed(name, (worker, loaded) => repair.end(worker, loaded, found)),
  };
  const after = await workRows(work, progress, deps.timeIsUp);
  return { ...after, operationId, claims };
}

/** Whether the call began with nothing left to do but the end: so a call that is repeated finds the operation as it was. */
export const isRepaired = <Found>(repair: Repair<Found>, before: RowProgress): boolean => isDone(repair, before);

const takenOver = (entity: string, operationId: string): PortageError =>
  new PortageError('M011', `the checkpoint of ${entity} is in progress no longer`, {
    got: operationId,
    where: entity,
    expected: 'its own checkpoint in progress',
  });

/** The end of the operation: what it owned is given back, and what its batches counted is the answer. May be done twice. */
export async function finishRepair(
  { target }: Sides,
  { operationId, claims }: RowProgress,
  left: number,
  execution: string,
): Promise<{
  readonly operationId: string;
  readonly batchId: string | null;
  readonly status: 'completed' | 'completed_with_findings';
  readonly entities: Record<string, EntitySummary>;
}> {
  const operation = await operationOfExecution(target, execution);
  if (operationId === null || operation?.operationId !== operationId)
    throw new PortageError('SYS008', 'the end of a repair that was not begun', { got: operationId ?? 'none' });
  for (const { checkpointId, fence } of Object.values(claims))
    await endCheckpoint(target, checkpointId, fence, 'completed', null);
  const entities = await summarize(target, operationId);
  const status = left > 0 ? 'completed_with_findings' : 'completed';
  if (!operation.status.startsWith('completed')) {
    mustBeOf(operation, execution);
    await endOperation(target, operationId, status, entities, null);
  }
  return { operationId, batchId: operation.batchLabel, status, entities };
}

/** Counts as a real run would have them, of a dry one. */
export const foreseenSummary = (rows: number, more: Partial<EntitySummary>): EntitySummary => ({
  ...NOTHING,
  read: rows,
  unchanged: Math.max(0, rows - (more.updated ?? 0) - (more.kept ?? 0)),
  durationMs: 0,
  ...more,
});
