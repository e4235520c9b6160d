/**
 * The machine behind the short commands: a Choice by the command's class, one function and one role a class. A new class is
 * one row here, one row in steps.ts and one function; a new command of a known class is one row of the catalogue.
 *
 * Commands that look through rows are called until nothing is unfinished (`InspectRows <-> RowsLeft?`); what a repair had
 * opened when it fails is released by FailOperation.
 */
import { Choice, Condition, Fail, JsonPath, Succeed, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable, INextable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { ErrorCode } from '../../shared/domain/errors.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf, machineOf, type LongClass, type OperationClass } from '../../shared/operations/operation.ts';
import { taskState } from '../constructs/task-state.ts';
import { OPERATION_STEPS, type FunctionOf, type OperationStep } from './steps.ts';

/** The function of each class that has no machine of its own. */
const STEP_OF_CLASS = {
  inspect: 'InspectLedger',
  sample: 'SampleResources',
  change: 'ChangeLedger',
  schedules: 'ManageSchedules',
  stop: 'StopOperations',
} as const satisfies Record<Exclude<OperationClass, LongClass | keyof typeof LOOP_OF_CLASS>, OperationStep>;
/** Those that are called again until they are done. */
const LOOP_OF_CLASS = {
  'inspect-rows': { step: 'InspectRows', choice: 'RowsLeft?', end: 'RowsInspected' },
  repair: { step: 'RepairRows', choice: 'RepairsLeft?', end: 'RowsRepaired' },
} as const satisfies Partial<
  Record<OperationClass, { readonly step: OperationStep; readonly choice: string; readonly end: string }>
>;
type ShortClass = keyof typeof STEP_OF_CLASS;
const SHORT_CLASSES = Object.keys(STEP_OF_CLASS) as readonly ShortClass[];

const SHORT_OPERATIONS = CATALOGUE_OF_OPERATIONS.filter((operation) => machineOf(operation) === 'operation');
const UNKNOWN_COMMAND: ErrorCode = 'SYS002';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const OPERATION_COMMENT = [
  'Runs one short command. Input:',
  '{"command": "migration-analyzer checkpoint-status", "all": true}',
  'or {"command": "differential-migration explain", "entity": ["patients"]}',
].join(' ');

/** Builds the definition in `scope`. */
export function operationDefinition(scope: Construct, functionOf: FunctionOf<OperationStep>): IChainable {
  const failed = new Fail(scope, 'OperationFailed', {
    comment: 'Ends the execution with the code of the error catalogue',
    errorPath: '$.Error',
    causePath: '$.Cause',
  });
  const unknown = new Fail(scope, 'UnknownCommand', {
    comment: 'This machine takes only its own commands',
    error: UNKNOWN_COMMAND,
    cause: `"command" must be one of: ${SHORT_OPERATIONS.map(commandOf).join(', ')}`,
  });
  const byClass = new Choice(scope, 'WhichClass?', {
    comment: 'Each class of commands has a function and a role',
  }).when(
    // Comparing a field that is absent would end the execution without a code.
    Condition.not(Condition.isPresent('$.command')),
    unknown,
  );
  for (const name of SHORT_CLASSES) {
    const step = STEP_OF_CLASS[name];
    const task = taskState(scope, step, {
      invokes: functionOf(step),
      comment: OPERATION_STEPS[step].purpose,
      patience: 'prompt',
      caughtBy: failed,
    });
    if (name === 'sample') lookAgain(scope, task);
    byClass.when(isOfClass(name), task);
  }
  const failOperation = taskState(scope, 'FailOperation', {
    invokes: functionOf('FailOperation'),
    comment: OPERATION_STEPS.FailOperation.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), error: JsonPath.objectAt('$') },
    caughtBy: failed,
    // The first error counts, also where it could not be recorded.
    errorPath: '$.unrecorded',
  });
  failOperation.next(failed);
  for (const name of Object.keys(LOOP_OF_CLASS) as readonly LoopClass[])
    byClass.when(isOfClass(name), loop(scope, functionOf, name, failOperation));
  return byClass.otherwise(unknown);
}

type LoopClass = keyof typeof LOOP_OF_CLASS;

/** Called with the request and what it left the last time; its answer is the execution's. */
function loop(
  scope: Construct,
  functionOf: FunctionOf<OperationStep>,
  name: LoopClass,
  caughtBy: IChainable,
): IChainable {
  const { step, choice, end } = LOOP_OF_CLASS[name];
  const task = taskState(scope, step, {
    invokes: functionOf(step),
    comment: OPERATION_STEPS[step].purpose,
    input: {
      execution: JsonPath.stringAt('$$.Execution.Name'),
      request: JsonPath.objectAt('$$.Execution.Input'),
      state: JsonPath.objectAt('$'),
    },
    caughtBy,
  });
  return task.next(
    new Choice(scope, choice, { comment: 'Goes on until every range was looked through' })
      .when(Condition.isPresent('$.unfinished'), task)
      .otherwise(new Succeed(scope, end, { comment: 'What was found is the answer' })),
  );
}

/** Until the duration is over, the step is called again after the seconds that it names; its last result is the answer. */
function lookAgain(scope: Construct, task: IChainable & INextable): void {
  task.next(
    new Choice(scope, 'Watched?', { comment: 'Looks again until the duration is over' })
      .when(
        Condition.booleanEquals('$.done', true),
        new Succeed(scope, 'SummedUp', { comment: 'The summary is the answer' }),
      )
      .otherwise(
        new Wait(scope, 'UntilNextLook', {
          comment: 'Nothing runs, and nothing is paid for, until then',
          time: WaitTime.secondsPath('$.waitSeconds'),
        }).next(task),
      ),
  );
}

const isOfClass = (name: OperationClass): Condition =>
  Condition.or(
    ...SHORT_OPERATIONS.filter((operation) => operation.class === name).map((operation) =>
      Condition.stringEquals('$.command', commandOf(operation)),
    ),
  );
