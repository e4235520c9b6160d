/**
 * The machine behind the short commands: a Choice by the command's class, one function and one role a class. A new class is
 * one row here, one row in steps.ts and one function; a new command of a known class is one row of the catalogue.
 */
import { Choice, Condition, Fail } from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { ErrorCode } from '../../shared/domain/errors.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf, machineOf, type LongClass, type OperationClass } from '../../shared/operations/operation.ts';
import { taskState } from '../constructs/task-state.ts';
import { OPERATION_STEPS, type FunctionOf, type OperationStep } from './steps.ts';

/** The function of each class that has no machine of its own. */
const STEP_OF_CLASS = {
  inspect: 'InspectLedger',
  change: 'ChangeLedger',
  schedules: 'ManageSchedules',
  stop: 'StopOperations',
} as const satisfies Record<Exclude<OperationClass, LongClass>, OperationStep>;
type ShortClass = keyof typeof STEP_OF_CLASS;
const SHORT_CLASSES = Object.keys(STEP_OF_CLASS) as readonly ShortClass[];

const SHORT_OPERATIONS = CATALOGUE_OF_OPERATIONS.filter((operation) => machineOf(operation) === 'operation');
const UNKNOWN_COMMAND: ErrorCode = 'SYS002';

/** Shown as the machine's comment: what a person copies into "Start execution". */
export const OPERATION_COMMENT = [
  'Runs one short command. Input:',
  '{"command": "migration-analyzer checkpoint-status", "all": true}',
  'or {"command": "differential-migration explain", "entity": "NAME"}',
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
    byClass.when(
      isOfClass(name),
      taskState(scope, step, {
        invokes: functionOf(step),
        comment: OPERATION_STEPS[step].purpose,
        patience: 'prompt',
        caughtBy: failed,
      }),
    );
  }
  return byClass.otherwise(unknown);
}

const isOfClass = (name: ShortClass): Condition =>
  Condition.or(
    ...SHORT_OPERATIONS.filter((operation) => operation.class === name).map((operation) =>
      Condition.stringEquals('$.command', commandOf(operation)),
    ),
  );
