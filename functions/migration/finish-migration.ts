/** The gate: what the steps recorded becomes one answer, or the error that the execution ends with. */
import {
  finishMigrationInput,
  type FinishMigrationInput,
  type FinishMigrationOutput,
  finishMigrationOutput,
} from '../../shared/contracts/migration.ts';
import { completeEntity } from '../../shared/database/engine/complete.ts';
import { checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { endOperation, mustBeOf, type Operation } from '../../shared/database/ledger/operations.ts';
import { summarize } from '../../shared/database/ledger/progress.ts';
import type { Session } from '../../shared/database/session.ts';
import { PortageError, isErrorCode } from '../../shared/domain/errors.ts';
import { listedRowsOf } from '../../shared/domain/listed-rows.ts';
import type { LoadedOperation } from '../dependencies.ts';
import { workerOf, withEntity } from '../entity-worker.ts';
import { dryRunAnswer } from '../dry-run-answer.ts';
import { absentIn, statusOf, withNotFound } from '../migration-answer.ts';
import { runReport } from '../run-report.ts';
import { step, type Invocation } from '../step.ts';

type Input = FinishMigrationInput;

const NO_SLICE = -1;
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
    // Entities whose cut references waited for the others are settled now that all had their turn.
    for (const checkpoint of await checkpointsOf(sides.target, input.operationId)) {
      if (checkpoint.status !== 'in_progress') continue;
      const claim = {
        operationId: input.operationId,
        entity: checkpoint.entity,
        checkpointId: checkpoint.id,
        fence: checkpoint.fence,
      };
      await withEntity(sides, loaded, checkpoint.entity, () =>
        completeEntity(workerOf(sides, loaded, claim, NO_SLICE, checkpoint.fresh, deps), checkpoint, [], false),
      );
    }
    const { operation } = loaded;
    const entities = await summarize(sides.target, operation.operationId);
    const checkpoints = await checkpointsOf(sides.target, operation.operationId);
    const failure = firstFailure(checkpoints, (await deps.loadOperation(sides, input.operationId)).operation.notes);
    if (failure) throw failure;
    const complete = isComplete(wantedOf(operation.request['entities'], loaded), checkpoints, input.plan.entities);
    const listed = listedRowsOf(operation.request);
    const notFound =
      listed?.kind === 'force' ? await absentIn(sides, loaded, checkpoints[0]?.entity ?? '', listed.keys) : [];
    const status = complete ? statusOf(entities, notFound) : 'stopped';
    await endOperation(sides.target, operation.operationId, status, entities, null);
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

/** Rows that are counted nowhere else: they could not be written, and somebody decided to do without. */
async function ignoredOf(target: Session, operationId: string): Promise<readonly string[]> {
  const rows = await target.rows<{ entity: string; rows: string }>(
    `SELECT e.entity, sum(a.rows) AS rows FROM portage.set_aside_rows a JOIN portage.entities e USING (entity_id) JOIN portage.operations o USING (operation_no)
     WHERE o.operation_id = $1 AND a.state = 'ignored' GROUP BY 1 ORDER BY 1`,
    [operationId],
  );
  return rows.map(
    ({ entity, rows: count }) =>
      `${entity}: ${count} of the rows cannot be written and ${count === '1' ? 'is' : 'are'} ignored, as was decided`,
  );
}

/** The service may run this step twice: an operation that this execution has completed is completed again. */
function refuseLate(operation: Operation, execution: string): void {
  if (!operation.status.startsWith('completed') || operation.execution !== execution) mustBeOf(operation, execution);
}

type Checkpoints = Awaited<ReturnType<typeof checkpointsOf>>;

/** Failures stand in checkpoints, or in a note where an entity never got one. */
function firstFailure(checkpoints: Checkpoints, notes: readonly string[]): PortageError | null {
  const failed = checkpoints.filter((checkpoint) => checkpoint.status === 'failed');
  const lines = notes.filter((note) => / failed: [A-Z]+\d+ /.test(note));
  const [first] = failed;
  const code = first?.errorCode ?? / failed: ([A-Z]+\d+) /.exec(lines[0] ?? '')?.[1];
  if (code === undefined || (failed.length === 0 && lines.length === 0)) return null;
  return new PortageError(isErrorCode(code) ? code : 'SYS008', lines.join('\n') || `${first?.entity ?? ''} failed`, {
    where: failed.map((checkpoint) => checkpoint.entity).join(', '),
  });
}

const wantedOf = (selection: unknown, loaded: LoadedOperation): readonly string[] =>
  Array.isArray(selection) ? (selection as string[]) : [...loaded.entities.keys()];

/** An entity whose checkpoint was reset has left the operation, unless this execution had to carry it. */
function isComplete(wanted: readonly string[], checkpoints: Checkpoints, planned: readonly string[]): boolean {
  const statusOf = new Map(checkpoints.map((c) => [c.entity, c.status]));
  return wanted.every((entity) => {
    const status = statusOf.get(entity);
    if (status === 'superseded') return !planned.includes(entity);
    return status === 'completed' || status === 'completed_unverified';
  });
}

export const handler = step(
  'FinishMigration',
  { input: finishMigrationInput, output: finishMigrationOutput },
  finishMigration,
);
