/** What a rollback would do to the entities of an item, found by reading: nothing is written, and no row locked. */
import {
  recoveryRequest,
  type EstimateRecoveryInput,
  type EstimateRecoveryOutput,
} from '../../../shared/contracts/recovery.ts';
import { NOTHING, addCounts } from '../../../shared/domain/action-counts.ts';
import { foreseeStep } from '../../../shared/database/engine/rollback-foresee.ts';
import type { Undoing } from '../../../shared/database/engine/rollback-step.ts';
import { countKept, keptRows } from '../../../shared/database/ledger/kept-rows.ts';
import { undoSteps } from '../../../shared/database/ledger/rollback-steps.ts';
import { unhurried } from '../../../shared/database/session.ts';
import { transaction } from '../../../shared/database/transactions.ts';
import { createForeseen, createForeseenKept, FORESEEN } from '../../../shared/database/sql/undo-foresee.ts';
import type { Sides } from '../../dependencies.ts';
import type { Invocation } from '../../step.ts';
import { chooseOperations } from '../plan/choose-operations.ts';
import { entitiesOf, undoingOf } from '../rollback/undoing.ts';

/** So many of the rows that would be kept stand in the answer, of all items together. */
const SHOWN = 100;
const NOT_TRIED =
  'Read only: what only writing can find (a unique value that is taken, a check, a trigger) was not tried.';
/** Stands for the rollback that would be. */
const NOBODY = { operationNo: 0, operationId: 'dry' };

interface Foreseen {
  readonly of: Undoing[];
  readonly steps: readonly { readonly group: readonly Undoing[]; readonly batches: readonly string[] }[];
  readonly operations: readonly number[];
}

/** Everything that is needed, made before the transaction that only reads. */
async function prepare(sides: Sides, input: EstimateRecoveryInput, deps: Invocation): Promise<Foreseen> {
  const { target } = sides;
  const request = recoveryRequest.parse(input.request);
  const { operations } = await chooseOperations(target, request, await deps.configuredMap());
  const steps: { group: Undoing[]; batches: readonly string[] }[] = [];
  const made = new Set<string>();
  const of: Undoing[] = [];
  await target.run(createForeseenKept);
  for (const operation of operations) {
    const loaded = await deps.loadOperation(sides, operation.operationId);
    const chosen = operation.entities.filter((name) => input.entities.includes(name));
    const facts = { operationNo: operation.operationNo, again: operation.again, slice: input.slice };
    const undoing = await undoingOf(sides, loaded, NOBODY, facts, chosen, [], deps);
    for (const each of undoing) {
      const { name } = each.worker.entity;
      if (made.has(name)) continue;
      made.add(name);
      of.push(each);
      await target.run(createForeseen(each.worker.entity));
    }
    for (const step of await undoSteps(target, operation)) {
      const names = await entitiesOf(target, loaded, step, chosen);
      const group = undoing.filter((each) => names.includes(each.worker.entity.name));
      if (group.length > 0) steps.push({ group, batches: step.batches });
    }
  }
  return { of, steps, operations: operations.map((each) => each.operationNo) };
}

export interface RollbackEstimate extends EstimateRecoveryOutput {
  /** Of the kept rows those to which rows refer: the first of them, and how many. */
  readonly referred: EstimateRecoveryOutput['kept'];
  readonly referredRows: number;
}

export async function estimateRollback(input: EstimateRecoveryInput, deps: Invocation): Promise<RollbackEstimate> {
  return deps.withSides(`${input.operationId}:estimate`, [], async (sides) => {
    const { target } = sides;
    const { of, steps, operations } = await prepare(sides, input, deps);
    const entities = Object.fromEntries(of.map(({ worker }) => [worker.entity.name, NOTHING]));
    await unhurried(target, () =>
      transaction(
        target,
        async () => {
          for (const { group, batches } of steps)
            for (const [name, counts] of await foreseeStep(group, batches, operations, of))
              entities[name] = addCounts(entities[name] ?? NOTHING, counts);
        },
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      ),
    );
    const { operationNo } = NOBODY;
    const { kept: list } = FORESEEN;
    const shown = Math.floor(SHOWN / input.items);
    const kept = await keptRows(target, operationNo, shown, { list });
    const referred = await keptRows(target, operationNo, shown, { list, reason: 'referenced' });
    return {
      entities,
      kept,
      keptRows: await countKept(target, operationNo, { list }),
      notes: [NOT_TRIED],
      referred,
      referredRows: await countKept(target, operationNo, { list, reason: 'referenced' }),
    };
  });
}
