/**
 * The machine behind `differential-migration migrate` and `resume`.
 *
 *     PlanMigration -> DryRun? -> EachEstimate                                        -> FinishMigration
 *                             \-> EachWave -> EachGroup -> EachSlice -> EachDeletion ->/
 *     anything that fails here -> FailMigration -> MigrationFailed
 *
 * A slice or an entity that fails is recorded and does not stop its siblings; the gate at the end judges. Every definition
 * keeps to the subset that AWS and the local runner execute alike (shared/domain/definition-subset.ts).
 */
import { Choice, Condition, JsonPath, Map, Pass, ProcessorMode, Result } from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { failureStates } from './failure.ts';
import { MIGRATION_STEPS, type FunctionOf, type MigrationStep } from './steps.ts';
import { groupItem } from './migration-group.ts';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const MIGRATION_COMMENT = [
  'Carries new and changed rows into the target. Input:',
  '{"command": "differential-migration migrate", "entities": "all", "dryRun": true}',
  'or {"command": "differential-migration resume", "entity": "all"}',
].join(' ');

/** Waves follow each other: a row's parents are there before it. */
const ONE_WAVE = 1;
/** Nothing refers to a row any more when its turn to be deleted comes. */
const ONE_GROUP = 1;

/** Builds the definition in `scope`. */
export function migrationDefinition(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const failMigration = failureStates(scope, {
    of: 'Migration',
    invokes: functionOf('FailMigration'),
    step: MIGRATION_STEPS.FailMigration,
  });

  const planMigration = taskState(scope, 'PlanMigration', {
    invokes: functionOf('PlanMigration'),
    comment: MIGRATION_STEPS.PlanMigration.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), request: JsonPath.objectAt('$$.Execution.Input') },
    select: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$$.Execution.Name'),
      request: JsonPath.objectAt('$$.Execution.Input'),
      plan: JsonPath.objectAt('$'),
    },
    patience: 'prompt',
    caughtBy: failMigration,
  });
  const finishMigration = taskState(scope, 'FinishMigration', {
    invokes: functionOf('FinishMigration'),
    comment: MIGRATION_STEPS.FinishMigration.purpose,
    caughtBy: failMigration,
  });

  const eachEstimate = new Map(scope, 'EachEstimate', {
    comment: 'The entities of a dry run, side by side; what they would do is the answer',
    itemsPath: '$.plan.entities',
    maxConcurrencyPath: '$.plan.entityLanes',
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      request: JsonPath.objectAt('$.request'),
      entity: JsonPath.stringAt('$$.Map.Item.Value'),
    },
    resultPath: '$.estimates',
  });
  eachEstimate.itemProcessor(estimateItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachEstimate.addCatch(failMigration);

  const eachWave = new Map(scope, 'EachWave', {
    comment: 'One wave at a time, parents before children',
    itemsPath: '$.plan.waves',
    maxConcurrency: ONE_WAVE,
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      connectionRetries: JsonPath.numberAt('$.plan.connectionRetries'),
      entityLanes: JsonPath.numberAt('$$.Map.Item.Value.entityLanes'),
      sliceLanes: JsonPath.numberAt('$$.Map.Item.Value.sliceLanes'),
      groups: JsonPath.objectAt('$$.Map.Item.Value.groups'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachWave.itemProcessor(waveItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachWave.addCatch(failMigration);

  const eachDeletion = new Map(scope, 'EachDeletion', {
    comment: 'Rows that the source lost, when all entities were carried: one group at a time, children before parents',
    itemsPath: '$.plan.deletes',
    maxConcurrency: ONE_GROUP,
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      connectionRetries: JsonPath.numberAt('$.plan.connectionRetries'),
      entities: JsonPath.objectAt('$$.Map.Item.Value.entities'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachDeletion.itemProcessor(deletionItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachDeletion.addCatch(failMigration);

  return planMigration.next(
    new Choice(scope, 'DryRun?', { comment: 'A dry run only reads' })
      .when(Condition.booleanEquals('$.plan.dryRun', true), eachEstimate)
      .otherwise(eachWave.next(eachDeletion))
      .afterwards()
      .next(finishMigration),
  );
}

/** One entity of a dry run. */
function estimateItem(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const estimateEntity = taskState(scope, 'EstimateEntity', {
    invokes: functionOf('EstimateEntity'),
    comment: MIGRATION_STEPS.EstimateEntity.purpose,
    caughtBy: new Pass(scope, 'EstimateFailed', {
      comment: 'Kept for the gate; the other estimates go on',
      parameters: { entity: JsonPath.stringAt('$.entity'), error: JsonPath.objectAt('$.error') },
    }),
    errorPath: '$.error',
  });
  return estimateEntity.next(
    new Choice(scope, 'EstimateDone?', { comment: 'Reads on until the entity is counted' })
      .when(
        Condition.booleanEquals('$.done', true),
        new Pass(scope, 'Estimated', {
          comment: 'What the answer needs is the result of this item: all of them stand in one state',
          parameters: {
            entity: JsonPath.stringAt('$.entity'),
            counts: JsonPath.objectAt('$.counts'),
            rehearsal: JsonPath.objectAt('$.rehearsal'),
            notes: JsonPath.objectAt('$.notes'),
          },
        }),
      )
      .otherwise(estimateEntity),
  );
}

/** One wave: its groups side by side. */
function waveItem(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const eachGroup = new Map(scope, 'EachGroup', {
    comment: 'The entities of one wave side by side; a group is one entity, or a cycle that goes together',
    itemsPath: '$.groups',
    maxConcurrencyPath: '$.entityLanes',
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      connectionRetries: JsonPath.numberAt('$.connectionRetries'),
      sliceLanes: JsonPath.numberAt('$.sliceLanes'),
      entities: JsonPath.objectAt('$$.Map.Item.Value.entities'),
      cycle: JsonPath.objectAt('$$.Map.Item.Value.cycle'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachGroup.itemProcessor(groupItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  return eachGroup.next(
    new Pass(scope, 'WaveEnded', { comment: 'What it did is in the ledger', result: Result.fromObject({}) }),
  );
}

/** One group of deletions: state `{ operationId, execution, connectionRetries, entities }`, and what DeleteRows returns goes back into it. */
function deletionItem(scope: Construct, functionOf: FunctionOf<MigrationStep>): IChainable {
  const ended = new Pass(scope, 'DeletionEnded', {
    comment: 'What it did is in the ledger',
    result: Result.fromObject({}),
  });
  const failDeletes = taskState(scope, 'FailDeletes', {
    invokes: functionOf('FailDeletes'),
    comment: MIGRATION_STEPS.FailDeletes.purpose,
    resultPath: JsonPath.DISCARD,
    // The gate counts what is completed, so that an entity whose failure could not be recorded is not forgotten.
    caughtBy: ended,
    errorPath: JsonPath.DISCARD,
  });
  failDeletes.next(ended);
  const deleteRows = taskState(scope, 'DeleteRows', {
    invokes: functionOf('DeleteRows'),
    comment: MIGRATION_STEPS.DeleteRows.purpose,
    caughtBy: failDeletes,
    errorPath: '$.error',
  });
  return deleteRows.next(
    new Choice(scope, 'DeletionDone?', { comment: 'Goes on until the list of the group is empty' })
      .when(Condition.booleanEquals('$.done', true), ended)
      .otherwise(deleteRows),
  );
}
