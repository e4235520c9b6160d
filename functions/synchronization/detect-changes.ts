/**
 * Takes an entity for the run and finds out where to look: nowhere, because both sides equal their bases; at rows that the
 * source changed since its horizon; or at every row, cut into slices. Which, and why, stands in the run.
 */
import {
  detectChangesInput,
  detectChangesOutput,
  type DetectChangesInput,
} from '../../shared/contracts/synchronization.ts';
import { inListBatch, passRange } from '../../shared/database/engine/batch.ts';
import { choosePath } from '../../shared/database/engine/horizon.ts';
import { bringBackChanged } from '../../shared/database/engine/ignored.ts';
import { parkAsideAgain } from '../../shared/database/engine/listed.ts';
import { prepare, setAsideUnkeyed } from '../../shared/database/engine/prepare.ts';
import { markChangesOnly, savePlan, type Checkpoint } from '../../shared/database/ledger/checkpoints.ts';
import { mustBeOf } from '../../shared/database/ledger/operations.ts';
import { saveDetection } from '../../shared/database/ledger/runs.ts';
import type { Relation } from '../../shared/domain/catalog.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { slicesFrom } from '../../shared/domain/slice.ts';
import { unfinishedFirst } from '../../shared/database/ledger/unfinished.ts';
import { workerOf } from '../entity-worker.ts';
import type { LoadedOperation, Sides } from '../dependencies.ts';
import { lanesOf } from '../lane-plan.ts';
import { isOverdue } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';
import { takeEntity } from '../take-entity.ts';

/** Steps before and after the slices work under this number. */
const NO_SLICE = -1;

export async function detectChanges(input: DetectChangesInput, deps: Invocation): Promise<{ detected: true }> {
  const { operationId, execution, entities } = input;
  return deps.withSides(`${operationId}:${entities.join(',')}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    mustBeOf(loaded.operation, execution);
    for (const name of entities) {
      // Asked to stop, or late: what has not begun does not begin.
      if (loaded.operation.stopRequested || isOverdue(loaded.operation.request['deadline'], deps)) break;
      await takeEntity(sides, loaded, name, deps, (checkpoint) => detect(sides, loaded, name, checkpoint, deps));
    }
    return { detected: true };
  });
}

async function detect(
  sides: Sides,
  loaded: LoadedOperation,
  name: string,
  checkpoint: Checkpoint,
  deps: Invocation,
): Promise<void> {
  const { operation } = loaded;
  const { operationId, operationNo } = operation;
  // The step was tried again: its plan stands.
  if (checkpoint.slices) return;
  const claim = { operationId, entity: name, checkpointId: checkpoint.id, fence: checkpoint.fence };
  const worker = workerOf(sides, loaded, claim, NO_SLICE, checkpoint.fresh, deps);
  const { entity } = worker;
  await bringBackChanged(sides, entity);
  const detection = await choosePath(sides, entity, {
    mode: operation.mode,
    relation: relationOf(loaded, name),
    sourceDatabase: operation.sourceDatabase,
    fullEverySeconds: Number(operation.request['fullEverySeconds'] ?? 0),
  });
  await saveDetection(sides.target, operationId, name, detection);
  if (detection.path === 'horizon') {
    await parkAsideAgain(worker);
    await markChangesOnly(sides.target, checkpoint.id);
    await savePlan(sides.target, checkpoint.id, { slices: slicesFrom([]), rows: 0 });
    return;
  }
  const lanes = lanesOf(loaded.map, deps);
  const prepared = await prepare(sides, entity, operation.mode, lanes);
  const planned = { ...worker, fresh: prepared.fresh };
  await inListBatch(planned, 'unkeyed', () => setAsideUnkeyed(sides, entity, operationNo));
  if (prepared.equal) await passRange({ ...planned, slice: 0 }, { from: null, to: null }, prepared.rows, 0);
  const slices = await unfinishedFirst(sides.target, operation, entity, prepared.slices);
  await savePlan(sides.target, checkpoint.id, { ...prepared, slices });
}

function relationOf(loaded: LoadedOperation, name: string): Relation {
  const relation = loaded.relations.get(name)?.source;
  if (relation === undefined) throw new PortageError('SYS008', `no relation of ${name}`);
  return relation;
}

export const handler = step(
  'DetectChanges',
  { input: detectChangesInput, output: detectChangesOutput },
  detectChanges,
  'sync',
);
