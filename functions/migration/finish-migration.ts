/** The gate: what the steps recorded becomes one answer, or the error that the execution ends with. */
import {
  finishMigrationInput,
  type FinishMigrationInput,
  type FinishMigrationOutput,
  finishMigrationOutput,
} from '../../shared/contracts/migration.ts';
import { checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { endOperation } from '../../shared/database/ledger/operations.ts';
import { summarize } from '../../shared/database/ledger/progress.ts';
import { listedRowsOf } from '../../shared/domain/listed-rows.ts';
import { completeWaiting, firstFailure, ignoredOf, isComplete, refuseLate, wantedOf } from '../conclude.ts';
import { dryRunAnswer } from '../dry-run-answer.ts';
import { absentIn, statusOf, withNotFound } from '../migration-answer.ts';
import { logEnd } from '../run-log.ts';
import { runReport } from '../run-report.ts';
import { step, type Invocation } from '../step.ts';

type Input = FinishMigrationInput;

const NOT_COMPLETE = 'Not every entity is complete. Continue with: portage differential-migration resume --entity all';

const nothing = (notices: readonly string[]): FinishMigrationOutput => ({
  operationId: '',
  batchId: null,
  dryRun: false,
  status: 'completed',
  entities: {},
  notes: [...notices, 'nothing to resume'],
});

export async function finishMigration(input: Input, deps: Invocation): Promise<FinishMigrationOutput> {
  if (input.estimates !== undefined) return dryRunAnswer(input, deps);
  if (input.operationId === '') return nothing(input.plan.notices);
  return deps.withSides(`${input.operationId}:finish`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, input.operationId);
    refuseLate(loaded.operation, input.execution);
    await completeWaiting(sides, loaded, deps);
    const { operation } = loaded;
    const entities = await summarize(sides.target, operation.operationId);
    const checkpoints = await checkpointsOf(sides.target, operation.operationId);
    const failure = firstFailure(checkpoints, (await deps.loadOperation(sides, input.operationId)).operation.notes);
    if (failure) throw failure;
    const carried = input.plan.waves.flatMap(({ groups }) => groups.flatMap((group) => group.entities));
    const complete = isComplete(wantedOf(operation.request['entities'], loaded), checkpoints, carried);
    const listed = listedRowsOf(operation.request);
    const notFound =
      listed?.kind === 'force' ? await absentIn(sides, loaded, checkpoints[0]?.entity ?? '', listed.keys) : [];
    const status = complete ? statusOf(entities, notFound) : 'stopped';
    await endOperation(sides.target, operation.operationId, status, entities, null);
    await logEnd(sides.target, operation, { status, entities });
    const ignored = await ignoredOf(sides.target, operation.operationId);
    const left = checkpoints.some((c) => c.status === 'pending' || c.status === 'stopped');
    const notes = [...operation.notes, ...ignored, ...input.plan.notices, ...(left ? [NOT_COMPLETE] : [])];
    return {
      operationId: operation.operationId,
      batchId: operation.batchLabel,
      dryRun: false,
      status,
      entities,
      ...withNotFound(notFound),
      ...(await runReport(sides.target, operation)),
      notes,
    };
  });
}

export const handler = step(
  'FinishMigration',
  { input: finishMigrationInput, output: finishMigrationOutput },
  finishMigration,
);
