/**
 * The shape of every handler: check the input, get the dependencies, do one thing, return a small object. The only place
 * that knows @middy/core.
 */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { PortageError } from '../shared/domain/errors.ts';
import { refuseTooLarge } from '../shared/domain/execution-room.ts';
import { logger } from '../shared/log/current.ts';
import type { LogFields, LogKind } from '../shared/log/logger.ts';
import { failureText } from '../shared/operations/failure.ts';
import { checkedInput } from './checked-input.ts';
import { dependencies, type Dependencies } from './dependencies.ts';
import { retriesIn } from './connection-retries.ts';
import { observed } from './lambda.ts';
import { failedEvent } from './run-log.ts';

/** What a step knows of its own invocation. */
export interface Invocation extends Dependencies {
  /** True when the step must return its progress: its budget is spent, little of its time is left, or it is asked to stop. */
  readonly timeIsUp: () => boolean;
  /** True when the invocation itself ends soon, or is asked to stop: for work that no other invocation can continue. */
  readonly outOfTime: () => boolean;
}

/** A step keeps this much of its remaining time to commit, to answer and to close. */
const SAFETY_MS = 10_000;
/** What has not come to an end by then is cut off: its transactions are rolled back, and its error has a code. */
const CUT_OFF_MS = 3_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type StepHandler<Output> = (event: unknown, context: Context) => Promise<Output>;

/**
 * Errors leave a line in the log. The state machine sees their code as the error's name, and what else they know as
 * labelled lines of the message, because it carries nothing but these two texts.
 */
const tellsErrors = (name: string, kind: LogKind): middy.MiddlewareObj<unknown, unknown> => ({
  onError: (request) => {
    const { error, event } = request;
    const facts = error instanceof PortageError ? { code: error.code, facts: error.facts } : {};
    logger(kind).error(failedEvent(kind), { step: name, ...whereOf(event), message: error?.message, ...facts });
    if (error instanceof PortageError)
      request.error = Object.assign(new Error(failureText(error), { cause: error }), { name: error.code });
  },
});

/** Aborted a little before the function's time is over. A step that is asked to stop when it begins has no time left: nothing cuts it off. */
function cutOff(name: string, context: Context): { readonly signal: AbortSignal; readonly clear: () => void } {
  const aborter = new AbortController();
  const left = context.getRemainingTimeInMillis() - CUT_OFF_MS;
  const cut = (): void =>
    aborter.abort(
      new PortageError('M002', `${name} was cut off, because the time of its function was over`, {
        got: `${Math.round((left + CUT_OFF_MS) / 1000)} s`,
        expected: 'less: its last batch, or the statement that it waited for, took too long',
        where: name,
      }),
    );
  const timer = left > 0 ? setTimeout(cut, Math.min(left, LONGEST_TIMER_MS)) : undefined;
  return { signal: aborter.signal, clear: () => clearTimeout(timer) };
}

/** Operation and entity of a step's input, where it is about one. */
function whereOf(event: unknown): LogFields {
  const { operationId, entity } = (event ?? {}) as { operationId?: unknown; entity?: unknown };
  return {
    ...(operationId === undefined ? {} : { operation: operationId }),
    ...(entity === undefined ? {} : { entity }),
  };
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value ?? null));

/** What a state takes and gives (shared/contracts): both are checked, so that a step cannot put into a state what the next one refuses. */
export interface Contract<Input extends z.ZodType, Output extends z.ZodType> {
  readonly input: Input;
  readonly output: Output;
  /** The state that follows holds the request too, as a plan's does. */
  readonly besideRequest?: true;
}

/** Makes the Lambda handler of a step from its contract and its logic. */
export function step<Input extends z.ZodType, Output extends z.ZodType>(
  name: string,
  contract: Contract<Input, Output>,
  logic: (input: z.output<Input>, deps: Invocation) => Promise<z.output<Output>>,
  kind: LogKind = 'migration',
): StepHandler<z.output<Output>> {
  const worked = async (event: unknown, context: Context): Promise<z.output<Output>> => {
    const hasTime = (): boolean => context.getRemainingTimeInMillis() >= SAFETY_MS;
    const { signal, clear } = cutOff(name, context);
    try {
      const deps = await dependencies({ retries: retriesIn(event), hasTime, signal });
      const ends = Date.now() + deps.config.stepBudgetMs;
      const outOfTime = (): boolean => !hasTime();
      const timeIsUp = (): boolean => Date.now() >= ends || outOfTime();
      const result = await logic(checkedInput(contract.input, event, { name }), { ...deps, timeIsUp, outOfTime });
      const output = contract.output.parse(result);
      // Step Functions would end the execution, and no Catch would see it.
      refuseTooLarge(bytesOf(output) + (contract.besideRequest === true ? bytesOf(event) : 0), `the result of ${name}`);
      return output;
    } catch (error) {
      // That its connection was lost then is our own doing.
      throw signal.aborted ? (signal.reason as Error) : error;
    } finally {
      clear();
    }
  };
  const made = observed.then((lambda): StepHandler<z.output<Output>> => {
    const around = [...(lambda?.middlewares() ?? []), tellsErrors(name, kind)];
    // The cut above ends what is late. Middy's own would answer, where no time is left, while the step is still at work.
    return middy(worked, { timeoutEarlyInMillis: 0 }).use(around as never);
  });
  return async (event, context) => (await made)(event, context);
}
