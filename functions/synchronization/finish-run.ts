/**
 * The gate: what the steps recorded becomes the answer of the run, or the error that it ends with. Where the next run may
 * begin to read is kept for every entity that is complete, whatever became of the others.
 */
import {
  finishRunInput,
  finishRunOutput,
  type FinishRunInput,
  type FinishRunOutput,
} from '../../shared/contracts/synchronization.ts';
import { checkpointsOf, endCheckpoint } from '../../shared/database/ledger/checkpoints.ts';
import { saveHorizon } from '../../shared/database/ledger/horizons.ts';
import { endOperation, type Operation } from '../../shared/database/ledger/operations.ts';
import { summarize, type EntitySummary } from '../../shared/database/ledger/progress.ts';
import { endRun, runOfOperation, type Run } from '../../shared/database/ledger/runs.ts';
import { settledBy, undecidedOf } from '../../shared/database/ledger/decisions.ts';
import type { Session } from '../../shared/database/session.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { completeWaiting, firstFailure, ignoredOf, isComplete, refuseLate, wantedOf } from '../conclude.ts';
import type { LoadedOperation } from '../dependencies.ts';
import { entityOf } from '../entity-worker.ts';
import { logEnd } from '../run-log.ts';
import { isOverdue } from '../run-worker.ts';
import { step, type Invocation } from '../step.ts';

const skipped = (input: FinishRunInput): FinishRunOutput => ({
  operationId: '',
  batchId: null,
  jobName: input.jobName,
  scheduledTime: null,
  status: 'skipped',
  entities: {},
  detection: {},
  settled: {},
  notes: input.notices,
});

export async function finishRun(input: FinishRunInput, deps: Invocation): Promise<FinishRunOutput> {
  if (input.outcome === 'skipped') return skipped(input);
  return deps.withSides(`${input.operationId}:finish`, [], async (sides) => {
    const { target } = sides;
    const loaded = await deps.loadOperation(sides, input.operationId);
    refuseLate(loaded.operation, input.execution);
    const { operationId, request } = loaded.operation;
    const late = isOverdue(request['deadline'], deps);
    if (!late) await completeWaiting(sides, loaded, deps);
    const run = await runOfOperation(target, operationId);
    if (run === null) throw new PortageError('SYS008', `no run of ${operationId}`);
    await keepHorizons(target, loaded, run);
    const { operation } = await deps.loadOperation(sides, operationId);
    const checkpoints = await checkpointsOf(target, operationId);
    const failure = firstFailure(checkpoints, operation.notes);
    if (failure) throw failure;
    const complete = isComplete(wantedOf(request['entities'], loaded), checkpoints, input.entities);
    if (late && !complete) throw await timedOut(target, operation, run);
    const entities = await summarize(target, operationId);
    const undecided = await undecidedOf(target, operation.operationNo);
    const findings = found(entities) || operation.notes.some((note) => note.startsWith('V001 '));
    const status = complete ? (findings ? 'completed_with_findings' : 'completed') : 'stopped';
    await endOperation(target, operationId, status, entities, null);
    await endRun(target, run.runNo, status, entities, null);
    await logEnd(target, operation, { status, entities, job: input.jobName });
    return {
      operationId,
      batchId: operation.batchLabel,
      jobName: input.jobName,
      scheduledTime: run.scheduledTime,
      status,
      entities,
      detection: Object.fromEntries(
        Object.entries(run.detection).map(([name, { path, why }]) => [name, { path, why }]),
      ),
      settled: await settledBy(target, operation.operationNo),
      notes: [
        ...operation.notes,
        ...undecided,
        ...(await ignoredOf(target, operationId)),
        ...input.notices,
        ...(complete ? [] : ['Not every entity is complete: the next run of the job goes on where this one stopped.']),
      ],
    };
  });
}

const found = (entities: Readonly<Record<string, EntitySummary>>): boolean =>
  Object.values(entities).some((counts) => counts.setAside > 0 || counts.conflicts > 0);

/** Entities whose every change up to their horizon is written or recorded. */
async function keepHorizons(target: Session, loaded: LoadedOperation, run: Run): Promise<void> {
  const { operation } = loaded;
  for (const { entity, status } of await checkpointsOf(target, operation.operationId)) {
    const detection = run.detection[entity];
    if (status !== 'completed' || !detection?.seen || differs(operation.notes, entity)) continue;
    const id = entityOf(loaded, entity).entityId ?? 0;
    await saveHorizon(target, id, operation.operationNo, detection.seen, detection.path === 'full');
  }
}

/** What was written of it is not what the source has (ValidateTouched): every row is looked at next time. */
const differs = (notes: readonly string[], entity: string): boolean =>
  notes.some((note) => note.startsWith(`V001 ${entity}: `));

/** Gives back what is not complete; batches that were committed stay, and the next run goes on after them. */
async function timedOut(target: Session, operation: Operation, run: Run): Promise<PortageError> {
  const error = new PortageError('S002', 'the run took longer than its job allows', {
    got: `not complete at ${run.deadline?.toISOString() ?? ''}`,
    expected: 'the end of the run before that (the timeout of the job)',
    next: 'Raise the timeout of the job; the next run goes on where this one stopped.',
  });
  for (const { id, fence } of await checkpointsOf(target, operation.operationId))
    await endCheckpoint(target, id, fence, 'stopped', { code: error.code, message: error.message });
  return error;
}

export const handler = step('FinishRun', { input: finishRunInput, output: finishRunOutput }, finishRun, 'sync');
