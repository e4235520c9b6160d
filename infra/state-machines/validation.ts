/**
 * The machine behind `data-validator validate`.
 *
 *     (FixReferences, again until none is left, where asked for) ->
 *     PlanValidation -> EachPiece of (WhichCheck? -> CheckIntegrity | CheckRelationships | CheckCompleteness | CheckPerformance,
 *                                     again until each piece of the item is read) -> Judge
 *     a piece that fails -> FailPiece; anything else -> FailValidation -> ValidationFailed
 *
 * A piece that cannot be read does not stop the others: it is a hole in what the verdict rests on, and the gate says unknown.
 */
import {
  Choice,
  Condition,
  DistributedMap,
  JsonPath,
  Pass,
  Result,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { failureStates } from './failure.ts';
import { VALIDATION_STEPS, type FunctionOf, type ValidationStep } from './steps.ts';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const VALIDATION_COMMENT = [
  'Compares source and target. Input:',
  '{"command": "data-validator validate", "entities": "all", "type": "all"}',
  'with "fail": true the execution fails where something differs',
].join(' ');

const CHECKS = [
  ['integrity', 'CheckIntegrity'],
  ['relationships', 'CheckRelationships'],
  ['completeness', 'CheckCompleteness'],
  ['performance', 'CheckPerformance'],
] as const satisfies readonly (readonly [string, ValidationStep])[];

/** Builds the definition in `scope`. */
export function validationDefinition(scope: Construct, functionOf: FunctionOf<ValidationStep>): IChainable {
  const failValidation = failureStates(scope, {
    of: 'Validation',
    invokes: functionOf('FailValidation'),
    step: VALIDATION_STEPS.FailValidation,
  });

  const planValidation = taskState(scope, 'PlanValidation', {
    invokes: functionOf('PlanValidation'),
    comment: VALIDATION_STEPS.PlanValidation.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), request: JsonPath.objectAt('$$.Execution.Input') },
    select: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$$.Execution.Name'),
      request: JsonPath.objectAt('$$.Execution.Input'),
      plan: JsonPath.objectAt('$'),
    },
    patience: 'prompt',
    caughtBy: failValidation,
  });
  const judge = taskState(scope, 'Judge', {
    invokes: functionOf('Judge'),
    comment: VALIDATION_STEPS.Judge.purpose,
    caughtBy: failValidation,
  });
  // Thousands of pieces would not fit into the history of one execution.
  const eachPiece = new DistributedMap(scope, 'EachPiece', {
    comment:
      'The pieces of all entities side by side, each in an execution of its own; what they found is in the ledger',
    mapExecutionType: StateMachineType.STANDARD,
    itemsPath: '$.plan.pieces',
    maxConcurrencyPath: '$.plan.lanes',
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      piece: JsonPath.numberAt('$$.Map.Item.Value.piece'),
      last: JsonPath.numberAt('$$.Map.Item.Value.last'),
      entity: JsonPath.stringAt('$$.Map.Item.Value.entity'),
      check: JsonPath.stringAt('$$.Map.Item.Value.check'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachPiece.itemProcessor(pieceItem(scope, functionOf));
  eachPiece.addCatch(failValidation);
  planValidation.next(eachPiece).next(judge);
  return fixedFirst(scope, functionOf, planValidation, failValidation);
}

/** What is repaired is repaired before anything is read, so that the verdict is about what is there then. */
function fixedFirst(
  scope: Construct,
  functionOf: FunctionOf<ValidationStep>,
  planValidation: IChainable,
  caughtBy: IChainable,
): IChainable {
  const fixReferences = taskState(scope, 'FixReferences', {
    invokes: functionOf('FixReferences'),
    comment: VALIDATION_STEPS.FixReferences.purpose,
    input: {
      execution: JsonPath.stringAt('$$.Execution.Name'),
      request: JsonPath.objectAt('$$.Execution.Input'),
      state: JsonPath.objectAt('$'),
    },
    caughtBy,
  });
  fixReferences.next(
    new Choice(scope, 'ReferencesFixed?', { comment: 'Goes on until every range was looked through' })
      .when(Condition.isPresent('$.unfinished'), fixReferences)
      .otherwise(planValidation),
  );
  return new Choice(scope, 'FixReferences?', { comment: 'Only where it is asked for' })
    .when(
      Condition.and(Condition.isPresent('$.fixReferences'), Condition.booleanEquals('$.fixReferences', true)),
      fixReferences,
    )
    .otherwise(planValidation);
}

/** Pieces one after the other: state `{ operationId, piece, last, entity, check }`, and what the check returns goes back into it. */
function pieceItem(scope: Construct, functionOf: FunctionOf<ValidationStep>): IChainable {
  const ended = new Pass(scope, 'PieceEnded', {
    comment: 'What was read and found is in the ledger',
    result: Result.fromObject({}),
  });
  const failPiece = taskState(scope, 'FailPiece', {
    invokes: functionOf('FailPiece'),
    comment: VALIDATION_STEPS.FailPiece.purpose,
    // The gate counts what was read, so that a piece whose failure could not be recorded is a hole all the same.
    caughtBy: ended,
    errorPath: JsonPath.DISCARD,
  });
  const which = new Choice(scope, 'WhichCheck?', { comment: 'Each check is a step of its own' });
  for (const [check, name] of CHECKS) {
    const task = taskState(scope, name, {
      invokes: functionOf(name),
      comment: VALIDATION_STEPS[name].purpose,
      caughtBy: failPiece,
      errorPath: '$.error',
    });
    task.next(
      new Choice(scope, `${name.replace('Check', '')}Done?`, {
        comment: 'Goes on until the whole piece is read, and the next, which may be of another check',
      })
        .when(Condition.booleanEquals('$.done', true), ended)
        .otherwise(which),
    );
    which.when(Condition.stringEquals('$.check', check), task);
  }
  failPiece.next(
    new Choice(scope, 'MorePieces?', { comment: 'One that could not be read keeps none from being read' })
      .when(Condition.booleanEquals('$.done', true), ended)
      .otherwise(which),
  );
  // A plan of another version: nothing was read, and the gate finds the hole.
  return which.otherwise(ended);
}
