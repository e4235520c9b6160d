/**
 * What the synchronization machine does with one group of a wave.
 *
 *     GoesTogether? -> ApplyCircle <-> CircleDone?                                                  -> GroupEnded
 *                  \-> EachLane (ApplyChanges <-> LaneDone?) -> LinkReferences <-> LinksDone? -> FinishEntity ->/
 *     anything that fails here -> FailEntity ->/
 *
 * Which ranges are a lane's stands in the ledger, where DetectChanges has put them.
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
import { SYNCHRONIZATION_STEPS as STEPS, type FunctionOf, type SynchronizationStep } from './steps.ts';

type Functions = FunctionOf<SynchronizationStep>;

const ENTITY = {
  operationId: JsonPath.stringAt('$.operationId'),
  execution: JsonPath.stringAt('$.execution'),
  entity: JsonPath.stringAt('$.entities[0]'),
};

const ended = (scope: Construct, id: string): Pass =>
  new Pass(scope, id, { comment: 'What it did is in the ledger', result: Result.fromObject({}) });

/** One group: state `{ operationId, execution, lanes, laneCount, entities, cycle }`. */
export function groupOfRun(scope: Construct, functionOf: Functions): IChainable {
  const groupEnded = ended(scope, 'GroupEnded');
  const failEntity = taskState(scope, 'FailEntity', {
    invokes: functionOf('FailEntity'),
    comment: STEPS.FailEntity.purpose,
    input: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      entities: JsonPath.objectAt('$.entities'),
      error: JsonPath.objectAt('$.error'),
    },
    resultPath: JsonPath.DISCARD,
    // The gate counts what is completed, so that an entity whose failure could not be recorded is not forgotten.
    caughtBy: groupEnded,
    errorPath: JsonPath.DISCARD,
  });
  failEntity.next(groupEnded);
  return new Choice(scope, 'GoesTogether?', { comment: 'A circle that no order of its entities can carry' })
    .when(Condition.booleanEquals('$.cycle', true), circle(scope, functionOf, failEntity, groupEnded))
    .otherwise(entity(scope, functionOf, failEntity, groupEnded));
}

function circle(scope: Construct, functionOf: Functions, failed: IChainable, end: Pass): IChainable {
  const applyCircle = taskState(scope, 'ApplyCircle', {
    invokes: functionOf('ApplyCircle'),
    comment: STEPS.ApplyCircle.purpose,
    caughtBy: failed,
    errorPath: '$.error',
  });
  return applyCircle.next(
    new Choice(scope, 'CircleDone?', { comment: 'Goes on until all its changes are carried' })
      .when(Condition.booleanEquals('$.done', true), end)
      .otherwise(applyCircle),
  );
}

function entity(scope: Construct, functionOf: Functions, failed: IChainable, end: Pass): IChainable {
  const eachLane = new Map(scope, 'EachLane', {
    comment: 'The ranges of one entity, in lanes side by side',
    itemsPath: '$.lanes',
    maxConcurrencyPath: '$.laneCount',
    itemSelector: {
      ...ENTITY,
      lane: JsonPath.objectAt('$$.Map.Item.Value'),
      lanes: JsonPath.numberAt('$.laneCount'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachLane.itemProcessor(laneItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachLane.addCatch(failed, { resultPath: '$.error' });
  const linkReferences = taskState(scope, 'LinkReferences', {
    invokes: functionOf('LinkReferences'),
    comment: STEPS.LinkReferences.purpose,
    input: ENTITY,
    resultPath: '$.linked',
    caughtBy: failed,
    errorPath: '$.error',
  });
  const finishEntity = taskState(scope, 'FinishEntity', {
    invokes: functionOf('FinishEntity'),
    comment: STEPS.FinishEntity.purpose,
    input: ENTITY,
    resultPath: JsonPath.DISCARD,
    caughtBy: failed,
    errorPath: '$.error',
  });
  finishEntity.next(end);
  return eachLane
    .next(linkReferences)
    .next(
      new Choice(scope, 'LinksDone?', { comment: 'Goes on until no reference waits for a row of this run' })
        .when(Condition.booleanEquals('$.linked.done', true), finishEntity)
        .otherwise(linkReferences),
    );
}

/** One lane: state `{ operationId, execution, entity, lane, lanes }`, and what ApplyChanges returns goes back into it. */
function laneItem(scope: Construct, functionOf: Functions): IChainable {
  const laneEnded = ended(scope, 'LaneEnded');
  const failChanges = taskState(scope, 'FailChanges', {
    invokes: functionOf('FailChanges'),
    comment: STEPS.FailChanges.purpose,
    resultPath: JsonPath.DISCARD,
    caughtBy: laneEnded,
    errorPath: JsonPath.DISCARD,
  });
  failChanges.next(laneEnded);
  const applyChanges = taskState(scope, 'ApplyChanges', {
    invokes: functionOf('ApplyChanges'),
    comment: STEPS.ApplyChanges.purpose,
    caughtBy: failChanges,
    errorPath: '$.error',
  });
  return applyChanges.next(
    new Choice(scope, 'LaneDone?', { comment: 'Goes on until the whole lane is carried' })
      .when(Condition.booleanEquals('$.done', true), laneEnded)
      .otherwise(applyChanges),
  );
}
