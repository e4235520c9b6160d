/**
 * The machine behind rollback, backup and restore.
 *
 *     PlanRecovery -> DryRun? -> EachEstimate                                                      -> FinishRecovery
 *                            \-> ReadsFile? -> VerifyBackup \                                       /
 *                                          \-> EachStage -> EachItem -> WhichKind? -> RollbackSlice <-> done?     ->/
 *                                                                   \-> BackupSlice   <-> done?
 *                                                                   \-> RestoreSlice  <-> done?
 *     anything that fails here -> FailRecovery -> RecoveryFailed
 *
 * Stages follow each other; an item that fails is recorded and does not stop those beside it; the gate at the end judges.
 */
import {
  Choice,
  Condition,
  JsonPath,
  Map,
  Pass,
  ProcessorMode,
  Result,
  Succeed,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import { failureStates } from './failure.ts';
import { RECOVERY_STEPS, type FunctionOf, type RecoveryStep } from './steps.ts';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const RECOVERY_COMMENT = [
  'Takes operations back, and backs up and restores. Input:',
  '{"command": "differential-migration rollback", "operationId": "diff_migration_20231201_123456", "dryRun": true}',
  'or {"command": "migration-analyzer rollback-all", "batchId": "batch_20231201", "confirm": true}',
  'or {"command": "migration-analyzer create-full-backup", "output": "s3://bucket/backup.ndjson.gz"}',
].join(' ');

/** What one stage brings back the next one builds on. */
const ONE_STAGE = 1;

/** Builds the definition in `scope`. */
export function recoveryDefinition(scope: Construct, functionOf: FunctionOf<RecoveryStep>): IChainable {
  const failRecovery = failureStates(scope, {
    of: 'Recovery',
    invokes: functionOf('FailRecovery'),
    step: RECOVERY_STEPS.FailRecovery,
  });

  const planRecovery = taskState(scope, 'PlanRecovery', {
    invokes: functionOf('PlanRecovery'),
    comment: RECOVERY_STEPS.PlanRecovery.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), request: JsonPath.objectAt('$$.Execution.Input') },
    select: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$$.Execution.Name'),
      request: JsonPath.objectAt('$$.Execution.Input'),
      plan: JsonPath.objectAt('$'),
    },
    patience: 'prompt',
    caughtBy: failRecovery,
  });
  const finishRecovery = taskState(scope, 'FinishRecovery', {
    invokes: functionOf('FinishRecovery'),
    comment: RECOVERY_STEPS.FinishRecovery.purpose,
    caughtBy: failRecovery,
  });

  const eachEstimate = new Map(scope, 'EachEstimate', {
    comment: 'The items of a dry run, side by side; what they would do is the answer',
    itemsPath: '$.plan.items',
    maxConcurrencyPath: '$.plan.lanes',
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      kind: JsonPath.stringAt('$.plan.kind'),
      request: JsonPath.objectAt('$.request'),
      operations: JsonPath.objectAt('$.plan.operations'),
      slice: JsonPath.numberAt('$$.Map.Item.Value.slice'),
      entities: JsonPath.objectAt('$$.Map.Item.Value.entities'),
      items: JsonPath.arrayLength(JsonPath.objectAt('$.plan.items')),
    },
    resultPath: '$.estimates',
  });
  eachEstimate.itemProcessor(estimateItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachEstimate.addCatch(failRecovery);

  const eachStage = new Map(scope, 'EachStage', {
    comment: 'One stage at a time, in the order of dependency',
    itemsPath: '$.plan.stages',
    maxConcurrency: ONE_STAGE,
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      kind: JsonPath.stringAt('$.plan.kind'),
      lanes: JsonPath.numberAt('$.plan.lanes'),
      items: JsonPath.objectAt('$$.Map.Item.Value.items'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachStage.itemProcessor(stageItem(scope, functionOf), { mode: ProcessorMode.INLINE });
  eachStage.addCatch(failRecovery);

  const verifyBackup = taskState(scope, 'VerifyBackup', {
    invokes: functionOf('VerifyBackup'),
    comment: RECOVERY_STEPS.VerifyBackup.purpose,
    unbroken: RECOVERY_STEPS.VerifyBackup.unbroken,
    resultPath: JsonPath.DISCARD,
    caughtBy: failRecovery,
  });
  verifyBackup.next(eachStage);
  eachStage.next(finishRecovery);
  eachEstimate.next(finishRecovery);

  return planRecovery.next(
    new Choice(scope, 'DryRun?', { comment: 'A dry run only reads' })
      .when(Condition.booleanEquals('$.plan.dryRun', true), eachEstimate)
      .otherwise(
        new Choice(scope, 'ReadsFile?', { comment: 'What comes out of a file is proved before it is used' })
          .when(Condition.stringEquals('$.plan.kind', 'restore'), verifyBackup)
          .otherwise(eachStage),
      ),
  );
}

/** One item of a dry run. */
function estimateItem(scope: Construct, functionOf: FunctionOf<RecoveryStep>): IChainable {
  const estimateRecovery = taskState(scope, 'EstimateRecovery', {
    invokes: functionOf('EstimateRecovery'),
    comment: RECOVERY_STEPS.EstimateRecovery.purpose,
    unbroken: RECOVERY_STEPS.EstimateRecovery.unbroken,
    caughtBy: new Pass(scope, 'EstimateFailed', {
      comment: 'Kept for the gate; the other estimates go on',
      parameters: { entities: JsonPath.objectAt('$.entities'), error: JsonPath.objectAt('$.error') },
    }),
    errorPath: '$.error',
  });
  return estimateRecovery.next(new Succeed(scope, 'Estimated', { comment: 'The counts are the result of this item' }));
}

/** One stage: its items side by side. */
function stageItem(scope: Construct, functionOf: FunctionOf<RecoveryStep>): IChainable {
  const eachItem = new Map(scope, 'EachItem', {
    comment: 'Items of one stage, which have nothing to do with each other, side by side',
    itemsPath: '$.items',
    maxConcurrencyPath: '$.lanes',
    itemSelector: {
      operationId: JsonPath.stringAt('$.operationId'),
      execution: JsonPath.stringAt('$.execution'),
      kind: JsonPath.stringAt('$.kind'),
      slice: JsonPath.numberAt('$$.Map.Item.Value.slice'),
      entities: JsonPath.objectAt('$$.Map.Item.Value.entities'),
    },
    resultPath: JsonPath.DISCARD,
  });
  eachItem.itemProcessor(item(scope, functionOf), { mode: ProcessorMode.INLINE });
  return eachItem.next(
    new Pass(scope, 'StageEnded', { comment: 'What it did is in the ledger', result: Result.fromObject({}) }),
  );
}

/** One item: state `{ operationId, execution, kind, slice, entities }`, and what its slice returns goes back into it. */
function item(scope: Construct, functionOf: FunctionOf<RecoveryStep>): IChainable {
  const ended = new Pass(scope, 'ItemEnded', {
    comment: 'What it did is in the ledger',
    result: Result.fromObject({}),
  });
  const failRecoverySlice = taskState(scope, 'FailRecoverySlice', {
    invokes: functionOf('FailRecoverySlice'),
    comment: RECOVERY_STEPS.FailRecoverySlice.purpose,
    resultPath: JsonPath.DISCARD,
    // The gate counts what is completed, so that an item whose failure could not be recorded is not forgotten.
    caughtBy: ended,
    errorPath: JsonPath.DISCARD,
  });
  failRecoverySlice.next(ended);
  const slice = (name: 'RollbackSlice' | 'BackupSlice' | 'RestoreSlice', comment: string): IChainable => {
    const task = taskState(scope, name, {
      invokes: functionOf(name),
      comment: RECOVERY_STEPS[name].purpose,
      unbroken: RECOVERY_STEPS[name].unbroken,
      caughtBy: failRecoverySlice,
      errorPath: '$.error',
    });
    return task.next(
      new Choice(scope, `${name.replace('Slice', '')}Done?`, { comment })
        .when(Condition.booleanEquals('$.done', true), ended)
        .otherwise(task),
    );
  };
  return new Choice(scope, 'WhichKind?', { comment: 'What the command asked for' })
    .when(Condition.stringEquals('$.kind', 'backup'), slice('BackupSlice', 'Goes on until everything is in the file'))
    .when(
      Condition.stringEquals('$.kind', 'restore'),
      slice('RestoreSlice', 'Goes on until the file is worked through'),
    )
    .otherwise(slice('RollbackSlice', 'Goes on until every batch of the operations is taken back'));
}
