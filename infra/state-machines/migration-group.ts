/**
 * What the migration machine does with one group of a wave.
 *
 *     LoadsTogether? -> MigrateCycle <-> CycleDone?                                                       -> GroupEnded
 *                   \-> PrepareEntity -> EachSlice -> LinkReferences <-> LinksDone? -> FinishEntity      ->/
 *     anything that fails here -> FailEntity ->/
 *
 * A task that fails ends its item and not the Map, because a Map that fails lets items start that had not started yet.
 */
import {
  Choice,
  Condition,
  DistributedMap,
  JsonPath,
  Pass,
  Result,
  StateMachineType,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { MIGRATION_STEPS, type FunctionOf, type MigrationStep } from './steps.ts';

/** The entity as LinkReferences and FinishEntity know it. */
const PREPARED_ENTITY = {
  operationId: JsonPath.stringAt('$.operationId'),
  entity: JsonPath.stringAt('$.prepared.entity'),
  checkpointId: JsonPath.stringAt('$.prepared.checkpointId'),
  fence: JsonPath.numberAt('$.prepared.fence'),
  connectionRetries: JsonPath.numberAt('$.connectionRetries'),
};

/** One group: state `{ operationId, execution, connectionRetries, sliceLanes, entities, cycle }`, plus `prepared` once its entity is. */
export function groupItem(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const groupEnded = new Pass(scope, 'GroupEnded', {
    comment: 'What it did is in the ledger',
    result: Result.fromObject({}),
  });
  const failEntity = taskState(scope, 'FailEntity', {
    invokes: functionOf('FailEntity'),
    comment: MIGRATION_STEPS.FailEntity.purpose,
    input: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      entities: JsonPath.objectAt('$.entities'),
      error: JsonPath.objectAt('$.error'),
      connectionRetries: JsonPath.numberAt('$.connectionRetries'),
    },
    resultPath: JsonPath.DISCARD,
    // The gate counts what is completed, so that an entity whose failure could not be recorded is not forgotten.
    caughtBy: groupEnded,
    errorPath: JsonPath.DISCARD,
  });
  failEntity.next(groupEnded);

  return new Choice(scope, 'LoadsTogether?', { comment: 'A cycle that no order of its entities can load' })
    .when(Condition.booleanEquals('$.cycle', true), cycle(scope, functionOf, failEntity, groupEnded))
    .otherwise(entity(scope, functionOf, failEntity, groupEnded));
}

function cycle(scope: Construct, functionOf: FunctionOf<MigrationStep>, failed: IChainable, ended: Pass): IChainable {
  const migrateCycle = taskState(scope, 'MigrateCycle', {
    invokes: functionOf('MigrateCycle'),
    comment: MIGRATION_STEPS.MigrateCycle.purpose,
    caughtBy: failed,
    errorPath: '$.error',
  });
  return migrateCycle.next(
    new Choice(scope, 'CycleDone?', { comment: 'Goes on until all its rows are carried' })
      .when(Condition.booleanEquals('$.done', true), ended)
      .otherwise(migrateCycle),
  );
}

function entity(scope: Construct, functionOf: FunctionOf<MigrationStep>, failed: IChainable, ended: Pass): IChainable {
  const prepareEntity = taskState(scope, 'PrepareEntity', {
    invokes: functionOf('PrepareEntity'),
    comment: MIGRATION_STEPS.PrepareEntity.purpose,
    input: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      entity: JsonPath.stringAt('$.entities[0]'),
      sliceLanes: JsonPath.numberAt('$.sliceLanes'),
      connectionRetries: JsonPath.numberAt('$.connectionRetries'),
    },
    resultPath: '$.prepared',
    caughtBy: failed,
    errorPath: '$.error',
  });
  const eachSlice = new DistributedMap(scope, 'EachSlice', {
    comment: 'The key ranges of one entity side by side, each in an execution of its own',
    mapExecutionType: StateMachineType.STANDARD,
    itemsPath: '$.prepared.slices',
    maxConcurrencyPath: '$.prepared.sliceLanes',
    itemSelector: { ...PREPARED_ENTITY, slice: JsonPath.objectAt('$$.Map.Item.Value') },
    resultPath: JsonPath.DISCARD,
  });
  eachSlice.itemProcessor(sliceItem(scope, functionOf));
  eachSlice.addCatch(failed, { resultPath: '$.error' });

  const linkReferences = taskState(scope, 'LinkReferences', {
    invokes: functionOf('LinkReferences'),
    comment: MIGRATION_STEPS.LinkReferences.purpose,
    input: PREPARED_ENTITY,
    resultPath: '$.linked',
    caughtBy: failed,
    errorPath: '$.error',
  });
  const finishEntity = taskState(scope, 'FinishEntity', {
    invokes: functionOf('FinishEntity'),
    comment: MIGRATION_STEPS.FinishEntity.purpose,
    input: PREPARED_ENTITY,
    resultPath: JsonPath.DISCARD,
    caughtBy: failed,
    errorPath: '$.error',
  });
  finishEntity.next(ended);

  return prepareEntity
    .next(eachSlice)
    .next(linkReferences)
    .next(
      new Choice(scope, 'LinksDone?', { comment: 'Goes on until no reference waits for a row of this run' })
        .when(Condition.booleanEquals('$.linked.done', true), finishEntity)
        .otherwise(linkReferences),
    );
}

/** One slice: state `{ operationId, entity, checkpointId, fence, connectionRetries, slice }`, and what MigrateSlice returns goes back into it. */
function sliceItem(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const sliceEnded = new Pass(scope, 'SliceEnded', {
    comment: 'What it did is in the ledger',
    result: Result.fromObject({}),
  });
  const failSlice = taskState(scope, 'FailSlice', {
    invokes: functionOf('FailSlice'),
    comment: MIGRATION_STEPS.FailSlice.purpose,
    resultPath: JsonPath.DISCARD,
    caughtBy: sliceEnded,
    errorPath: JsonPath.DISCARD,
  });
  failSlice.next(sliceEnded);
  const migrateSlice = taskState(scope, 'MigrateSlice', {
    invokes: functionOf('MigrateSlice'),
    comment: MIGRATION_STEPS.MigrateSlice.purpose,
    caughtBy: failSlice,
    errorPath: '$.error',
  });
  return migrateSlice.next(
    new Choice(scope, 'SliceDone?', { comment: 'Goes on until the whole range is carried' })
      .when(Condition.booleanEquals('$.done', true), sliceEnded)
      .otherwise(migrateSlice),
  );
}
