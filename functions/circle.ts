/** Carries entities that refer to each other in a circle of NOT NULL references, from taking them to ending them. */
import type { MigrateCycleInput, MigrateCycleOutput } from '../shared/contracts/migration.ts';
import { inListBatch } from '../shared/database/engine/batch.ts';
import { completeEntity } from '../shared/database/engine/complete.ts';
import { workCycle } from '../shared/database/engine/cycle.ts';
import { bringBackChanged } from '../shared/database/engine/ignored.ts';
import { linkPending } from '../shared/database/engine/link.ts';
import { prepare, setAsideUnkeyed } from '../shared/database/engine/prepare.ts';
import type { Worker } from '../shared/database/engine/worker.ts';
import {
  beat,
  checkpointById,
  checkpointsOf,
  claimEntity,
  savePlan,
  type Checkpoint,
} from '../shared/database/ledger/checkpoints.ts';
import { bringOverBases } from '../shared/database/ledger/bases.ts';
import { mustBeOf } from '../shared/database/ledger/operations.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import { slicesFrom } from '../shared/domain/slice.ts';
import { writeOrder } from '../shared/domain/write-order.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { closureRowsOf, entityOf, workerOf } from './entity-worker.ts';
import { refuseDrift, tellingDrift } from './schema-drift.ts';
import type { Invocation } from './step.ts';
import { isOwner, ownerOf } from '../shared/domain/owner.ts';

/** The checkpoint of this execution, or, on its first call, one that is claimed and planned as a single slice. */
async function take(
  sides: Sides,
  loaded: LoadedOperation,
  name: string,
  deps: Invocation,
): Promise<{ worker: Worker; checkpoint: Checkpoint; equal: boolean }> {
  const entity = entityOf(loaded, name);
  const { execution } = loaded.operation;
  const known = (await checkpointsOf(sides.target, loaded.operation.operationId)).find((c) => c.entity === name);
  const mine = known?.status === 'in_progress' && isOwner(known.owner, execution) ? known : null;
  const checkpoint =
    mine ??
    (await claimEntity(sides.target, {
      operation: loaded.operation,
      entity: name,
      entityId: entity.entityId ?? 0,
      owner: ownerOf(execution, deps.host),
      catalogHash: loaded.catalogHash(name),
      leaseSeconds: deps.config.leaseSeconds,
    }));
  const claim = {
    operationId: loaded.operation.operationId,
    entity: name,
    checkpointId: checkpoint.id,
    fence: checkpoint.fence,
  };
  await beat(sides.target, checkpoint.id, 0, deps.host);
  refuseDrift(loaded, name, checkpoint.catalogHash);
  if (mine === null) await bringOverBases(sides, entity);
  if (checkpoint.slices)
    return { worker: workerOf(sides, loaded, claim, 0, checkpoint.fresh, deps), checkpoint, equal: false };
  await bringBackChanged(sides, entity);
  const plan = await prepare(sides, entity, loaded.operation.mode, 1);
  await savePlan(sides.target, checkpoint.id, { rows: plan.rows, fresh: plan.fresh, slices: slicesFrom([]) });
  const worker = workerOf(sides, loaded, claim, 0, plan.fresh, deps);
  await inListBatch({ ...worker, slice: -1 }, 'unkeyed', () =>
    setAsideUnkeyed(sides, entity, loaded.operation.operationNo),
  );
  return { worker, checkpoint: await checkpointById(sides.target, checkpoint.id), equal: plan.equal };
}

const isBegun = async (sides: Sides, { operationId, entities }: MigrateCycleInput): Promise<boolean> =>
  (await checkpointsOf(sides.target, operationId)).some(
    ({ entity, status }) => entities.includes(entity) && status === 'in_progress',
  );

export async function carryCircle(input: MigrateCycleInput, deps: Invocation): Promise<MigrateCycleOutput> {
  return deps.withSides(`${input.operationId}:cycle`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, input.operationId);
    mustBeOf(loaded.operation, input.execution);
    const { operationId, execution, entities, connectionRetries } = input;
    // Asked to stop, a circle that had not begun does not begin.
    if (loaded.operation.stopRequested && !(await isBegun(sides, input)))
      return { operationId, execution, entities, connectionRetries, rows: input.rows, done: true };
    const order = writeOrder(input.entities, (name) => loaded.relations.get(name)?.target);
    const schemas = [...new Set(order.map((name) => entityOf(loaded, name).source.schema))];
    await sides.source.run(`SET search_path = ${['pg_catalog', ...schemas].map(quoteIdentifier).join(', ')}`);
    return tellingDrift(deps, loaded, order, () => work(sides, loaded, order, input, deps));
  });
}

async function work(
  sides: Sides,
  loaded: LoadedOperation,
  order: readonly string[],
  input: MigrateCycleInput,
  deps: Invocation,
): Promise<MigrateCycleOutput> {
  const taken = [];
  for (const name of order) taken.push(await take(sides, loaded, name, deps));
  const workers = taken.map(({ worker }) => worker);
  // A reference that was cut may lead out of the circle, to an entity that has its turn later.
  const later = await laterThan(sides, loaded, input);
  const progress = await workCycle({ workers, most: closureRowsOf(loaded, deps), later });
  const done = progress.done || progress.stopped;
  if (done) {
    const still = await laterThan(sides, loaded, input);
    for (const { worker, checkpoint } of taken) {
      if (progress.done) await linkPending({ ...worker, slice: -1 });
      await completeEntity({ ...worker, slice: -1 }, checkpoint, still, true);
    }
  }
  const { operationId, execution, entities, connectionRetries } = input;
  return { operationId, execution, entities, connectionRetries, rows: input.rows + progress.rows, done };
}

/** Entities outside of the circle that have not had their turn yet. */
async function laterThan(sides: Sides, loaded: LoadedOperation, input: MigrateCycleInput): Promise<readonly string[]> {
  const ended = (await checkpointsOf(sides.target, input.operationId)).filter((c) => c.status === 'completed');
  return [...loaded.entities.keys()].filter(
    (name) => !input.entities.includes(name) && !ended.some((checkpoint) => checkpoint.entity === name),
  );
}
