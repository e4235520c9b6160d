/** A worker on one entity of an operation: sessions opened, map compiled, proof of ownership in hand. */
import type { Worker } from '../shared/database/engine/worker.ts';
import { beat, checkpointById, checkpointsOf } from '../shared/database/ledger/checkpoints.ts';
import type { CompiledEntity } from '../shared/domain/compiled/types.ts';
import { sharedPace } from '../shared/database/ledger/pace.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import { listedRowsOf } from '../shared/domain/listed-rows.ts';
import { BATCH_BYTES, BATCH_ROWS } from '../shared/domain/settings.ts';
import { comparesMoments, settlementFor } from '../shared/domain/settlement.ts';
import { writeOrder } from '../shared/domain/write-order.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { logBatch } from './run-log.ts';
import { refuseDrift, tellingDrift } from './schema-drift.ts';
import type { Invocation } from './step.ts';

/** What a state says of the entity that it works on. */
export interface EntityClaim {
  readonly operationId: string;
  readonly entity: string;
  readonly checkpointId: string;
  readonly fence: number;
}

/** Work beside the slices is recorded under this number. */
const NO_SLICE = -1;
/** One transaction an entity, when checkpoints are not wanted. */
const UNBOUNDED_ROWS = 1_000_000_000;

export const entityOf = (loaded: Pick<LoadedOperation, 'entities'>, name: string): CompiledEntity => {
  const entity = loaded.entities.get(name);
  if (!entity) throw new PortageError('SYS002', 'the map of this operation has no such entity', { got: name });
  return entity;
};

export const batchRowsOf = (loaded: LoadedOperation, deps: Invocation): number => {
  const { request } = loaded.operation;
  if (request['enableCheckpointing'] === false) return UNBOUNDED_ROWS;
  const rows =
    typeof request['batchSize'] === 'number'
      ? request['batchSize']
      : (deps.settings(loaded.map).batchRows ?? BATCH_ROWS);
  // At a limited pace a batch is what a second allows: rows that are due over minutes are not read all at once.
  return typeof request['maxRate'] === 'number' ? Math.min(rows, request['maxRate']) : rows;
};

/** How the flags of the run want its rows read and its batches cut. */
const manner = (
  sides: Sides,
  { operation, map }: LoadedOperation,
  deps: Invocation,
): Pick<Worker, 'batchBytes' | 'steered' | 'reading'> => {
  const { request, operationNo } = operation;
  const rate = request['maxRate'];
  return {
    ...(request['enableCheckpointing'] === false ? {} : { batchBytes: deps.settings(map).batchBytes ?? BATCH_BYTES }),
    steered: request['optimizeBatching'] === true,
    reading: {
      streaming: request['streamingMode'] === true,
      pace: typeof rate === 'number' ? sharedPace(sides.target, operationNo, rate) : null,
    },
  };
};

export const workerOf = (
  sides: Sides,
  loaded: LoadedOperation,
  claim: EntityClaim,
  slice: number,
  fresh: boolean,
  deps: Invocation,
): Worker => ({
  ...sides,
  ...settling(loaded, claim.entity),
  map: loaded.map.name,
  operationNo: loaded.operation.operationNo,
  operationId: claim.operationId,
  checkpointId: claim.checkpointId,
  fence: claim.fence,
  slice,
  mode: loaded.operation.mode,
  fresh,
  batchRows: batchRowsOf(loaded, deps),
  ...manner(sides, loaded, deps),
  listed: listedRowsOf(loaded.operation.request),
  timeIsUp: deps.timeIsUp,
  workerOn: (name) => workerOn(sides, loaded, claim, name, deps),
  circle: () => circleOf(sides, loaded, claim, deps),
  beside: (work) => deps.withTarget(`${claim.operationId}:${claim.entity}`, work),
  onBatch: logBatch(loaded.operation),
});

/** The entity, staged with what the operation's strategies compare. */
function settling(loaded: LoadedOperation, name: string): Pick<Worker, 'entity' | 'settlement'> {
  const entity = entityOf(loaded, name);
  const { operationType, request } = loaded.operation;
  const settlement = settlementFor(operationType, request, entity.normal.conflicts);
  const stagesMoment = settlement !== null && comparesMoments(settlement) && entity.moments !== null;
  return { entity: stagesMoment ? { ...entity, stagesMoment } : entity, settlement };
}

/** On another entity of the operation, under the number that its own worker had: a takeover since then shuts it out. */
async function workerOn(
  sides: Sides,
  loaded: LoadedOperation,
  { operationId, ...own }: EntityClaim,
  name: string,
  deps: Invocation,
): Promise<Worker | null> {
  // A list is about its own rows: a parent that it does not name is not carried along.
  if (listedRowsOf(loaded.operation.request) !== null) return null;
  const checkpoint = (await checkpointsOf(sides.target, operationId)).find((c) => c.entity === name);
  if (name !== own.entity && !['in_progress', 'completed'].includes(checkpoint?.status ?? '')) return null;
  const claim = checkpoint
    ? { operationId, entity: name, checkpointId: checkpoint.id, fence: checkpoint.fence }
    : { operationId, ...own };
  return workerOf(sides, loaded, claim, NO_SLICE, false, deps);
}

/** Rows of a closed set beyond which it is no batch any more: it stands in one transaction, and in temporary tables. */
const CLOSURE_ROWS = 100_000;

export const closureRowsOf = (loaded: LoadedOperation, deps: Invocation): number =>
  deps.settings(loaded.map).closureRows ?? CLOSURE_ROWS;

/** On every entity of the circle, where it is one and this run has all of it. */
async function circleOf(
  sides: Sides,
  loaded: LoadedOperation,
  { operationId, ...own }: EntityClaim,
  deps: Invocation,
): ReturnType<Worker['circle']> {
  const group = loaded.order.waves.flat().find(({ entities }) => entities.includes(own.entity));
  if (group?.cycle !== true || listedRowsOf(loaded.operation.request) !== null) return null;
  const checkpoints = await checkpointsOf(sides.target, operationId);
  const workers = writeOrder(group.entities, (name) => loaded.relations.get(name)?.target).flatMap((entity) => {
    const found = checkpoints.find((c) => c.entity === entity && ['in_progress', 'completed'].includes(c.status));
    if (found === undefined) return [];
    const claim = { operationId, entity, checkpointId: found.id, fence: found.fence };
    return [workerOf(sides, loaded, claim, NO_SLICE, false, deps)];
  });
  return workers.length === group.entities.length ? { workers, most: closureRowsOf(loaded, deps) } : null;
}

/** Lets unqualified names of the entity's expressions mean tables of its own schema. */
export async function withEntity<T>(
  sides: Sides,
  loaded: LoadedOperation,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entityOf(loaded, name).source.schema)}`);
  return work();
}

/**
 * Opens both sessions and gives the work a worker, or null when the checkpoint is in progress no longer: a step before
 * has failed, or somebody else owns the entity.
 */
export async function withWorker<T>(
  deps: Invocation,
  claim: EntityClaim,
  slice: number,
  work: (worker: Worker | null, loaded: LoadedOperation) => Promise<T>,
): Promise<T> {
  return deps.withSides(`${claim.operationId}:${claim.entity}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, claim.operationId);
    const checkpoint = await checkpointById(sides.target, claim.checkpointId);
    if (checkpoint.status !== 'in_progress' || checkpoint.fence !== claim.fence) return work(null, loaded);
    // The map's, which a session does not know when it is opened; the session's own is the environment's, or the default.
    const { batchTimeoutMs } = deps.settings(loaded.map);
    if (batchTimeoutMs !== undefined)
      for (const side of [sides.source, sides.target]) await side.run(`SET statement_timeout = ${batchTimeoutMs}`);
    if (loaded.operation.request['enableHeartbeat'] !== false)
      await beat(sides.target, claim.checkpointId, slice, deps.host);
    refuseDrift(loaded, claim.entity, checkpoint.catalogHash);
    return tellingDrift(deps, loaded, [claim.entity], () =>
      withEntity(sides, loaded, claim.entity, () =>
        work(
          {
            ...workerOf(sides, loaded, claim, slice, checkpoint.fresh, deps),
            untouched: checkpoint.untouched,
            scattered: checkpoint.scattered,
          },
          loaded,
        ),
      ),
    );
  });
}
