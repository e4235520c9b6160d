/** One Task as every machine has it: its function, its time, what is tried again, and a Catch that leaves nothing out. */
import { Duration } from 'aws-cdk-lib';
import { Timeout, TaskInput, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { taskRetries, type Patience } from '../state-machines/retry.ts';

/** How long a step works before it returns its progress. Long enough that starting it does not count. */
export const STEP_BUDGET = Duration.seconds(60);
/** A step looks at its budget between batches; the last batch must end within this. */
export const FUNCTION_TIMEOUT = Duration.minutes(5);
/**
 * A little above the function's: when Step Functions gives up, the function is certainly gone. Any earlier, and the retry
 * would run beside the invocation that it replaces.
 */
const TASK_TIMEOUT = Duration.seconds(FUNCTION_TIMEOUT.toSeconds() + 30);
/** Of a step that cannot be cut: the most that Lambda gives. */
export const UNBROKEN_TIMEOUT = Duration.minutes(15);
/** Where no function is, as on a person's own machine, such a step may take longer; in AWS the function ends before. */
const UNBROKEN_TASK_TIMEOUT = Duration.days(7);

export interface TaskStateProps {
  readonly invokes: IFunction;
  readonly comment: string;
  /** What the step is given; the state as it is, where this is absent. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** What becomes of the whole result, where it is not the next state itself. */
  readonly select?: Readonly<Record<string, unknown>>;
  /** Where the result goes: in place of the state, where this is absent. */
  readonly resultPath?: string;
  readonly patience?: Patience;
  /** See the step of that name. */
  readonly unbroken?: boolean;
  readonly caughtBy: IChainable;
  /** Where the caught error goes: in place of the state, where this is absent. */
  readonly errorPath?: string;
}

/** Adds a Task named `name`. */
export function taskState(scope: Construct, name: string, props: TaskStateProps): LambdaInvoke {
  const task = new LambdaInvoke(scope, name, {
    lambdaFunction: props.invokes,
    comment: props.comment,
    payloadResponseOnly: true,
    taskTimeout: Timeout.duration(props.unbroken === true ? UNBROKEN_TASK_TIMEOUT : TASK_TIMEOUT),
    // The construct's own list lacks throttling and dead functions.
    retryOnServiceExceptions: false,
    ...(props.input && { payload: TaskInput.fromObject({ ...props.input }) }),
    ...(props.select && { resultSelector: { ...props.select } }),
    ...(props.resultPath !== undefined && { resultPath: props.resultPath }),
  });
  for (const retry of taskRetries(props.patience ?? 'patient')) task.addRetry(retry);
  // States.ALL is its default, and it must stand alone.
  task.addCatch(props.caughtBy, props.errorPath === undefined ? {} : { resultPath: props.errorPath });
  return task;
}
