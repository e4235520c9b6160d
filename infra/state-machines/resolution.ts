/**
 * The machine behind `conflict-resolver resolve` and `resolve-manual`.
 *
 *     PlanResolution -> EachEntity (ResolveBatch <-> BatchDone?) -> EachDeletion (DeleteRows <-> done?) -> FinishResolution
 *     anything that fails here -> FailResolution -> ResolutionFailed
 *
 * A conflict that cannot be settled does not stop the others; an entity that fails does not stop its siblings.
 */
import {
  Choice,
  Condition,
  JsonPath,
  Map,
  Pass,
  ProcessorMode,
  Result,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { failureStates } from './failure.ts';
import { RESOLUTION_STEPS as STEPS, type FunctionOf, type ResolutionStep } from './steps.ts';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const RESOLUTION_COMMENT = [
  'Settles conflicts. Input:',
  '{"command": "conflict-resolver resolve", "entity": ["patients"], "strategy": "source_wins"}',
  'or {"command": "conflict-resolver resolve-manual", "conflictId": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "action": "target_wins"}',
].join(' ');

/** Nothing refers to a row any more when its turn to be deleted comes. */
const ONE_GROUP = 1;
const OF_OPERATION = {
  operationId: JsonPath.stringAt('$.operationId'),
  execution: JsonPath.stringAt('$.execution'),
};

/** Builds the definition in `scope`. */
export function resolutionDefinition(scope: Construct, functionOf: FunctionOf<ResolutionStep>): IChainable {
  const failResolution = failureStates(scope, {
    of: 'Resolution',
    invokes: functionOf('FailResolution'),
    step: STEPS.FailResolution,
  });
  const planResolution = taskState(scope, 'PlanResolution', {
    invokes: functionOf('PlanResolution'),
    comment: STEPS.PlanResolution.purpose,
    unbroken: STEPS.PlanResolution.unbroken,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), request: JsonPath.objectAt('$$.Execution.Input') },
    select: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$$.Execution.Name'),
      plan: JsonPath.objectAt('$'),
    },
    patience: 'prompt',
    caughtBy: failResolution,
  });
  const finishResolution = taskState(scope, 'FinishResolution', {
    invokes: functionOf('FinishResolution'),
    comment: STEPS.FinishResolution.purpose,
    caughtBy: failResolution,
  });
  const eachEntity = new Map(scope, 'EachEntity', {
    comment: 'Entities side by side',
    itemsPath: '$.plan.entities',
    maxConcurrencyPath: '$.plan.lanes',
    itemSelector: { ...OF_OPERATION, entity: JsonPath.stringAt('$$.Map.Item.Value') },
    resultPath: JsonPath.DISCARD,
  });
  eachEntity.itemProcessor(looping(scope, functionOf, 'ResolveBatch', 'FailBatch', 'Batch'), {
    mode: ProcessorMode.INLINE,
  });
  eachEntity.addCatch(failResolution);
  const eachDeletion = new Map(scope, 'EachDeletion', {
    comment: 'Rows whose deletion in the source was decided to count: one group at a time, children before parents',
    itemsPath: '$.plan.deletes',
    maxConcurrency: ONE_GROUP,
    itemSelector: { ...OF_OPERATION, entities: JsonPath.objectAt('$$.Map.Item.Value.entities') },
    resultPath: JsonPath.DISCARD,
  });
  eachDeletion.itemProcessor(looping(scope, functionOf, 'DeleteRows', 'FailDeletes', 'Deletion'), {
    mode: ProcessorMode.INLINE,
  });
  eachDeletion.addCatch(failResolution);
  return planResolution.next(eachEntity).next(eachDeletion).next(finishResolution);
}

/** A task that is called until it is done; what it returns goes back into it. */
function looping(
  scope: Construct,
  functionOf: FunctionOf<ResolutionStep>,
  name: ResolutionStep,
  recorder: ResolutionStep,
  item: string,
): IChainable {
  const ended = new Pass(scope, `${item}Ended`, {
    comment: 'What it did is in the ledger',
    result: Result.fromObject({}),
  });
  const failItem = taskState(scope, recorder, {
    invokes: functionOf(recorder),
    comment: STEPS[recorder].purpose,
    resultPath: JsonPath.DISCARD,
    caughtBy: ended,
    errorPath: JsonPath.DISCARD,
  });
  failItem.next(ended);
  const task = taskState(scope, name, {
    invokes: functionOf(name),
    comment: STEPS[name].purpose,
    caughtBy: failItem,
    errorPath: '$.error',
  });
  return task.next(
    new Choice(scope, `${item}Done?`, { comment: 'Goes on until nothing of it is left' })
      .when(Condition.booleanEquals('$.done', true), ended)
      .otherwise(task),
  );
}
