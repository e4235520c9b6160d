/** Where everything that a machine does not catch elsewhere ends: recorded by a step, then failed with the code of the first error. */
import { Fail, JsonPath, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { taskState } from '../constructs/task-state.ts';
import type { Step } from './steps.ts';

export interface FailureProps {
  /** `Migration` makes the states FailMigration and MigrationFailed. */
  readonly of: string;
  readonly invokes: IFunction;
  readonly step: Step;
  /** What the step is given beside the execution's name and the error. */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** Adds both states. Gives the first, for the machine's own Catches. */
export function failureStates(scope: Construct, { of, invokes, step, input = {} }: FailureProps): IChainable {
  const failed = new Fail(scope, `${of}Failed`, {
    comment: 'Ends the execution with the code of the error catalogue',
    errorPath: '$.Error',
    causePath: '$.Cause',
  });
  const record = taskState(scope, `Fail${of}`, {
    invokes,
    comment: step.purpose,
    input: { execution: JsonPath.stringAt('$$.Execution.Name'), ...input, error: JsonPath.objectAt('$') },
    caughtBy: failed,
    // The first error counts, also where it could not be recorded.
    errorPath: '$.unrecorded',
  });
  return record.next(failed);
}
