/**
 * The machine behind synchronization jobs, started by their schedules and by `sync-scheduler run-job`.
 *
 *     BeginRun -> Begun? -> EachDetection -> EachWave -> EachDeletion -> EachTouched -> FinishRun
 *          ^         |\-> (skipped)                                                  ->/
 *          |         \-> WaitForTurn
 *          \---------------/
 *     anything that fails here -> FailSynchronization -> SynchronizationFailed
 *
 * An entity that fails is recorded and does not stop the others; the gate at the end judges.
 */
import {
  Choice,
  Condition,
  JsonPath,
  Map,
  Pass,
  ProcessorMode,
  Result,
  Wait,
  WaitTime,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { failureStates } from './failure.ts';
import { SYNCHRONIZATION_STEPS as STEPS, type FunctionOf, type SynchronizationStep } from './steps.ts';
import { groupOfRun } from './synchronization-group.ts';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const SYNCHRONIZATION_COMMENT = [
  'Brings changes of both databases together for one job. Input:',
  '{"command": "sync-scheduler run-job", "name": "nightly", "manual": true}',
  'or, as its schedule starts it, {"jobName": "nightly", "scheduledTime": "2024-01-31T02:00:00Z"}',
].join(' ');

/** Waves follow each other: a row's parents are there before it. */
const ONE_WAVE = 1;
/** Nothing refers to a row any more when its turn to be deleted comes. */
const ONE_GROUP = 1;
/** How often a run looks whether the one before it has ended: often enough for jobs of every minute. */
const TURN = Duration.seconds(10);

const OF_RUN = {
  operationId: JsonPath.stringAt('$.operationId'),
  execution: JsonPath.stringAt('$.execution'),
};
const ENTITIES = JsonPath.objectAt('$$.Map.Item.Value.entities');

/** Builds the definition in `scope`. */
export function synchronizationDefinition(scope: Construct, functionOf: FunctionOf<SynchronizationStep>): IChainable {
  const failSynchronization = failureStates(scope, {
    of: 'Synchronization',
    invokes: functionOf('FailSynchronization'),
    step: STEPS.FailSynchronization,
    input: { request: JsonPath.objectAt('$$.Execution.Input') },
  });

  const beginRun = taskState(scope, 'BeginRun', {
    invokes: functionOf('BeginRun'),
    comment: STEPS.BeginRun.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), request: JsonPath.objectAt('$$.Execution.Input') },
    select: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$$.Execution.Name'),
      plan: JsonPath.objectAt('$'),
    },
    patience: 'prompt',
    caughtBy: failSynchronization,
  });
  const finishRun = taskState(scope, 'FinishRun', {
    invokes: functionOf('FinishRun'),
    comment: STEPS.FinishRun.purpose,
    input: {
      execution: JsonPath.stringAt('$.execution'),
      outcome: JsonPath.stringAt('$.plan.outcome'),
      operationId: JsonPath.stringAt('$.operationId'),
      jobName: JsonPath.stringAt('$.plan.jobName'),
      notices: JsonPath.objectAt('$.plan.notices'),
      entities: JsonPath.objectAt('$.plan.entities'),
    },
    caughtBy: failSynchronization,
  });
  const waitForTurn = new Wait(scope, 'WaitForTurn', {
    comment: 'Another run of the job has not ended, and this one may wait for it',
    time: WaitTime.duration(TURN),
  });
  waitForTurn.next(beginRun);

  const each = (
    id: string,
    comment: string,
    itemsPath: string,
    lanes: { maxConcurrency: number } | { maxConcurrencyPath: string },
    item: Record<string, unknown>,
    processor: IChainable,
  ): Map => {
    const map = new Map(scope, id, {
      comment,
      itemsPath,
      ...lanes,
      itemSelector: { ...OF_RUN, ...item },
      resultPath: JsonPath.DISCARD,
    });
    map.itemProcessor(processor, { mode: ProcessorMode.INLINE });
    map.addCatch(failSynchronization);
    return map;
  };
  const entityLanes = { maxConcurrencyPath: '$.plan.entityLanes' };
  const eachDetection = each(
    'EachDetection',
    'Where the changes of each entity are, all side by side',
    '$.plan.detections',
    entityLanes,
    { entities: ENTITIES },
    detectionItem(scope, functionOf),
  );
  const eachWave = each(
    'EachWave',
    'One wave at a time, parents before children',
    '$.plan.waves',
    { maxConcurrency: ONE_WAVE },
    {
      entityLanes: JsonPath.numberAt('$.plan.entityLanes'),
      lanes: JsonPath.objectAt('$.plan.lanes'),
      groups: JsonPath.objectAt('$$.Map.Item.Value.groups'),
    },
    waveItem(scope, functionOf),
  );
  const eachDeletion = each(
    'EachDeletion',
    'Rows that the source lost, when all entities were carried: one group at a time, children before parents',
    '$.plan.deletes',
    { maxConcurrency: ONE_GROUP },
    { entities: ENTITIES },
    deletionItem(scope, functionOf),
  );
  const eachTouched = each(
    'EachTouched',
    'What was written of each entity, once more against the source',
    '$.plan.entities',
    entityLanes,
    { entity: JsonPath.stringAt('$$.Map.Item.Value') },
    touchedItem(scope, functionOf),
  );
  eachDetection.next(eachWave).next(eachDeletion).next(eachTouched).next(finishRun);
  return beginRun.next(
    new Choice(scope, 'Begun?', { comment: 'One run of a job at a time, and one for each scheduled time' })
      .when(Condition.stringEquals('$.plan.outcome', 'begun'), eachDetection)
      .when(Condition.stringEquals('$.plan.outcome', 'waiting'), waitForTurn)
      .otherwise(finishRun),
  );
}

const ended = (scope: Construct, id: string): Pass =>
  new Pass(scope, id, { comment: 'What it did is in the ledger', result: Result.fromObject({}) });

/** A task that records why another failed, after which its item ends. The gate does not forget what could not be recorded. */
function recorder(scope: Construct, name: SynchronizationStep, functionOf: FunctionOf<SynchronizationStep>, end: Pass) {
  const state = taskState(scope, name, {
    invokes: functionOf(name),
    comment: STEPS[name].purpose,
    resultPath: JsonPath.DISCARD,
    caughtBy: end,
    errorPath: JsonPath.DISCARD,
  });
  return state.next(end);
}

function detectionItem(scope: Construct, functionOf: FunctionOf<SynchronizationStep>): IChainable {
  const end = ended(scope, 'DetectionEnded');
  return taskState(scope, 'DetectChanges', {
    invokes: functionOf('DetectChanges'),
    comment: STEPS.DetectChanges.purpose,
    resultPath: JsonPath.DISCARD,
    caughtBy: recorder(scope, 'FailDetection', functionOf, end),
    errorPath: '$.error',
  }).next(end);
}

/** One wave: its groups side by side. */
function waveItem(scope: Construct, functionOf: FunctionOf<SynchronizationStep>): IChainable {
  const eachGroup = new Map(scope, 'EachGroup', {
    comment: 'The entities of one wave side by side; a group is one entity, or a circle that goes together',
    itemsPath: '$.groups',
    maxConcurrencyPath: '$.entityLanes',
    itemSelector: {
      ...OF_RUN,
      lanes: JsonPath.objectAt('$.lanes'),
      laneCount: JsonPath.arrayLength(JsonPath.objectAt('$.lanes')),
      entities: ENTITIES,
      cycle: JsonPath.objectAt('$$.Map.Item.Value.cycle'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachGroup.itemProcessor(groupOfRun(scope, functionOf), { mode: ProcessorMode.INLINE });
  return eachGroup.next(ended(scope, 'WaveEnded'));
}

/** One group of deletions: state `{ operationId, execution, entities }`, and what DeleteRows returns goes back into it. */
function deletionItem(scope: Construct, functionOf: FunctionOf<SynchronizationStep>): IChainable {
  const end = ended(scope, 'DeletionEnded');
  const deleteRows = taskState(scope, 'DeleteRows', {
    invokes: functionOf('DeleteRows'),
    comment: STEPS.DeleteRows.purpose,
    caughtBy: recorder(scope, 'FailDeletes', functionOf, end),
    errorPath: '$.error',
  });
  return deleteRows.next(
    new Choice(scope, 'DeletionDone?', { comment: 'Goes on until nothing of the group is left to delete' })
      .when(Condition.booleanEquals('$.done', true), end)
      .otherwise(deleteRows),
  );
}

/** One entity whose written rows are compared: what ValidateTouched returns goes back into it. */
function touchedItem(scope: Construct, functionOf: FunctionOf<SynchronizationStep>): IChainable {
  const end = ended(scope, 'TouchedEnded');
  const validateTouched = taskState(scope, 'ValidateTouched', {
    invokes: functionOf('ValidateTouched'),
    comment: STEPS.ValidateTouched.purpose,
    caughtBy: recorder(scope, 'FailValidation', functionOf, end),
    errorPath: '$.error',
  });
  return validateTouched.next(
    new Choice(scope, 'TouchedDone?', { comment: 'Goes on until every written row was compared' })
      .when(Condition.booleanEquals('$.done', true), end)
      .otherwise(validateTouched),
  );
}
