/** What the gate of every run that carries rows asks: what is left to complete, what failed, whether everything had its turn. */
import { completeEntity } from '../shared/database/engine/complete.ts';
import { checkpointsOf } from '../shared/database/ledger/checkpoints.ts';
import { mustBeOf, type Operation } from '../shared/database/ledger/operations.ts';
import type { Session } from '../shared/database/session.ts';
import { PortageError, isErrorCode } from '../shared/domain/errors.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { withEntity, workerOf } from './entity-worker.ts';
import type { Invocation } from './step.ts';

const NO_SLICE = -1;

/** Entities whose cut references waited for the others are settled now that all had their turn. */
export async function completeWaiting(sides: Sides, loaded: LoadedOperation, deps: Invocation): Promise<void> {
  const { operationId } = loaded.operation;
  for (const checkpoint of await checkpointsOf(sides.target, operationId)) {
    if (checkpoint.status !== 'in_progress') continue;
    const { entity, id: checkpointId, fence, fresh } = checkpoint;
    await withEntity(sides, loaded, entity, () =>
      completeEntity(
        workerOf(sides, loaded, { operationId, entity, checkpointId, fence }, NO_SLICE, fresh, deps),
        checkpoint,
        [],
        false,
      ),
    );
  }
}

/** Rows that are counted nowhere else: they could not be written, and somebody decided to do without. */
export async function ignoredOf(target: Session, operationId: string): Promise<readonly string[]> {
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
export function refuseLate(operation: Operation, execution: string): void {
  if (!operation.status.startsWith('completed') || operation.execution !== execution) mustBeOf(operation, execution);
}

type Checkpoints = Awaited<ReturnType<typeof checkpointsOf>>;

/** Failures stand in checkpoints, or in a note where an entity never got one. */
export function firstFailure(checkpoints: Checkpoints, notes: readonly string[]): PortageError | null {
  const failed = checkpoints.filter((checkpoint) => checkpoint.status === 'failed');
  const lines = notes.filter((note) => / failed: [A-Z]+\d+ /.test(note));
  const [first] = failed;
  const code = first?.errorCode ?? / failed: ([A-Z]+\d+) /.exec(lines[0] ?? '')?.[1];
  if (code === undefined || (failed.length === 0 && lines.length === 0)) return null;
  return new PortageError(isErrorCode(code) ? code : 'SYS008', lines.join('\n') || `${first?.entity ?? ''} failed`, {
    // By name: entities of one wave fail in any order.
    where: failed
      .map((checkpoint) => checkpoint.entity)
      .toSorted()
      .join(', '),
  });
}

export const wantedOf = (selection: unknown, loaded: LoadedOperation): readonly string[] =>
  Array.isArray(selection) ? (selection as string[]) : [...loaded.entities.keys()];

/** An entity whose checkpoint was reset has left the operation, unless this execution had to carry it. */
export function isComplete(wanted: readonly string[], checkpoints: Checkpoints, planned: readonly string[]): boolean {
  const statusOf = new Map(checkpoints.map((c) => [c.entity, c.status]));
  return wanted.every((entity) => {
    const status = statusOf.get(entity);
    if (status === 'superseded') return !planned.includes(entity);
    return status === 'completed' || status === 'completed_unverified';
  });
}
