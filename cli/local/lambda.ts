/** Calls a handler as Lambda would: JSON in and out, a context with a clock, its error as `{errorType, errorMessage}`. */
import { randomUUID } from 'node:crypto';
import type { Json, TaskState } from './asl/definition.ts';
import { StateError } from './asl/errors.ts';

/** What a handler finds in its second argument, here and in AWS. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}
export type Handler = (event: unknown, context: LambdaContext) => unknown;

/** Where a Task names no limit; the subset demands one, so this is for definitions of tests. */
const DEFAULT_TIMEOUT_SECONDS = 300;

/**
 * One invocation. Once `stop` is aborted no time remains, so that a step which watches its budget commits its batch and
 * returns its progress: a stop takes effect at a batch border.
 */
export async function invoke(
  name: string,
  handler: Handler,
  payload: Json,
  task: TaskState,
  stop: AbortSignal,
): Promise<Json> {
  const timeoutMs = (task.TimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const deadline = performance.now() + timeoutMs;
  const context: LambdaContext = {
    awsRequestId: randomUUID(),
    functionName: name,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => (stop.aborted ? 0 : Math.max(0, Math.round(deadline - performance.now()))),
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // setTimeout takes 24.8 days at most and fires at once beyond.
    timer = setTimeout(
      () => reject(new StateError('States.Timeout', `${name} took longer than ${timeoutMs / 1000} s`)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
  });
  try {
    const event: unknown = JSON.parse(JSON.stringify(payload));
    return asJson(name, await Promise.race([call(handler, event, context), late]));
  } finally {
    clearTimeout(timer);
  }
}

/** A handler may throw before its first await, or be no promise at all. */
async function call(handler: Handler, event: unknown, context: LambdaContext): Promise<unknown> {
  try {
    return await handler(event, context);
  } catch (thrown) {
    throw lambdaError(thrown);
  }
}

function lambdaError(thrown: unknown): StateError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const trace = (error.stack ?? '').split('\n');
  return new StateError(error.name, JSON.stringify({ errorType: error.name, errorMessage: error.message, trace }), {
    cause: error,
  });
}

/** What Lambda would send back: undefined is null, and what JSON cannot hold is an error. */
function asJson(name: string, value: unknown): Json {
  try {
    return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
  } catch (cause) {
    const errorMessage = `${name} returned what JSON cannot hold: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new StateError(
      'Runtime.MarshalError',
      JSON.stringify({ errorType: 'Runtime.MarshalError', errorMessage, trace: [] }),
      { cause },
    );
  }
}
