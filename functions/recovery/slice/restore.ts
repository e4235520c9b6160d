/**
 * A slice of a restore: takes its entities, works through their rows of the file on several sessions side by side, and gives
 * those that wait a last look.
 */
import type { RecoverySliceInput } from '../../../shared/contracts/recovery.ts';
import { cipherFor, refused } from '../../../shared/database/backup/structure.ts';
import type { Restoring } from '../../../shared/database/backup/restore-batch.ts';
import { workSlice } from '../../../shared/database/backup/restore-entity.ts';
import { restoreSlices } from '../../../shared/database/backup/restore-slices.ts';
import { restoring, type RestoredFile } from '../../../shared/database/backup/restoring.ts';
import { settleRestored } from '../../../shared/database/backup/settle-restored.ts';
import { indexTargetKeys } from '../../../shared/database/engine/finish.ts';
import type { SliceProgress } from '../../../shared/database/engine/slice.ts';
import { readProof } from '../../../shared/database/ledger/backups.ts';
import { bringOverBases } from '../../../shared/database/ledger/bases.ts';
import { savePlan, type Checkpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { mustBeOf } from '../../../shared/database/ledger/operations.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import type { Slice } from '../../../shared/domain/slice.ts';
import { openBackup } from '../../backup-place.ts';
import type { LoadedOperation, Sides } from '../../dependencies.ts';
import { entityOf, workerOf } from '../../entity-worker.ts';
import { targetLanes } from '../../lane-plan.ts';
import { refuseDrift, tellingDrift } from '../../schema-drift.ts';
import type { Invocation } from '../../step.ts';
import { takeAll } from './rollback.ts';

const STOPPED: SliceProgress = { rows: 0, done: true, stopped: true };

export async function workRestore(input: RecoverySliceInput, deps: Invocation): Promise<SliceProgress> {
  return deps.withSides(`${input.operationId}:restore`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, input.operationId);
    mustBeOf(loaded.operation, input.execution);
    if (loaded.operation.stopRequested) return STOPPED;
    const file = await provedFile(sides, loaded, deps);
    const checkpoints = await takeAll(sides, loaded.operation, input.entities, deps);
    for (const { entity, catalogHash } of checkpoints) refuseDrift(loaded, entity, catalogHash);
    return tellingDrift(deps, loaded, input.entities, () => work(sides, loaded, checkpoints, file, input, deps));
  });
}

async function provedFile({ target }: Sides, { operation }: LoadedOperation, deps: Invocation): Promise<RestoredFile> {
  const proof = await readProof(target, operation.operationNo);
  const bytes = await openBackup(proof?.file ?? String(operation.request['backupFile']));
  if (proof?.identity !== bytes.identity) throw refused(bytes, 'another file than the one that was proved');
  return { bytes, proof, cipher: cipherFor(bytes, proof.header, deps.config.hashKey) };
}

async function work(
  sides: Sides,
  loaded: LoadedOperation,
  checkpoints: readonly Checkpoint[],
  file: RestoredFile,
  input: RecoverySliceInput,
  deps: Invocation,
): Promise<SliceProgress> {
  const tables = input.entities.map((name) => entityOf(loaded, name).target.relation);
  const group: Restoring[] = [];
  let rows = 0;
  for (const name of input.entities) {
    const checkpoint = checkpoints.find((each) => each.entity === name);
    const relation = loaded.relations.get(name)?.target;
    if (checkpoint === undefined || relation === undefined)
      throw new PortageError('SYS008', 'an entity of a restore has no checkpoint', { where: name });
    const entity = entityOf(loaded, name);
    // Now that nobody else writes it: bases of the ledger and of the file are to say the same of the same.
    await bringOverBases(sides, entity);
    await indexTargetKeys(sides.target, entity);
    const { operationId } = input;
    const claim = { operationId, entity: name, checkpointId: checkpoint.id, fence: checkpoint.fence };
    const worker = workerOf(sides, loaded, claim, 0, false, deps);
    const one = await restoring(worker, relation, tables, file);
    const slices = checkpoint.slices ?? restoreSlices(one, targetLanes(loaded, deps));
    if (checkpoint.slices === null) await savePlan(sides.target, checkpoint.id, { slices, rows: one.rows });
    const progress = await sideBySide(one, slices, deps);
    rows += progress.rows;
    if (!progress.done || progress.stopped) return { ...progress, rows };
    group.push(one);
  }
  const settled = await settleRestored(group);
  return { ...settled, rows: rows + settled.rows };
}

/** Each slice on a session of its own, the first on this step's: all come to their end, also where one of them fails. */
async function sideBySide(one: Restoring, slices: readonly Slice[], deps: Invocation): Promise<SliceProgress> {
  const { worker } = one;
  const work = (slice: Slice, target: Session): Promise<SliceProgress> =>
    workSlice({ ...one, worker: { ...worker, target, slice: slice.slice } }, slice);
  const lanes = await Promise.allSettled(
    slices.map((slice, i) =>
      i === 0
        ? work(slice, worker.target)
        : deps.withTarget(`${worker.operationId}:restore`, (target) => work(slice, target)),
    ),
  );
  let all: SliceProgress = { rows: 0, done: true, stopped: false };
  for (const lane of lanes) {
    if (lane.status === 'rejected') throw lane.reason;
    const { rows, done, stopped } = lane.value;
    all = { rows: all.rows + rows, done: all.done && done, stopped: all.stopped || stopped };
  }
  return all;
}
