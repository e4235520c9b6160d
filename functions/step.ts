/**
 * The shape of every handler: check the input, get the dependencies, do one thing, return a small object. The only place
 * that knows @middy/core.
 */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { z } from 'zod';
import { PortageError } from '../shared/domain/errors.ts';
import { logger } from '../shared/log/current.ts';
import type { LogKind } from '../shared/log/logger.ts';
import { failureText } from '../shared/operations/failure.ts';
import { dependencies, type Dependencies } from './dependencies.ts';

/** What a step knows of its own invocation. */
export interface Invocation extends Dependencies {
  /** True when the step must return its progress: its budget is spent, little of its time is left, or it is asked to stop. */
  timeIsUp(): boolean;
}

/** A step keeps this much of its remaining time to commit, to answer and to close. */
const SAFETY_MS = 10_000;

type StepHandler<Output> = (event: unknown, context: Context) => Promise<Output>;

function checked<Schema extends z.ZodType>(schema: Schema, event: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new PortageError('SYS002', `the input of ${name} is not valid`, { got: faults.join('; '), where: name });
}

/**
 * Errors leave a line in the log. The state machine sees their code as the error's name, and what else they know as
 * labelled lines of the message, because it carries nothing but these two texts.
 */
const tellsErrors = (name: string, kind: LogKind): middy.MiddlewareObj<unknown, unknown, Error, Context> => ({
  onError: (request) => {
    const { error } = request;
    const facts = error instanceof PortageError ? { code: error.code, facts: error.facts } : {};
    logger(kind).error(`${kind} failed`, { step: name, message: error?.message, ...facts });
    if (error instanceof PortageError) request.error = Object.assign(new Error(failureText(error), { cause: error }), { name: error.code });
  },
});

/** Makes the Lambda handler of a step from its logic. */
export function step<Schema extends z.ZodType, Output>(
  name: string,
  input: Schema,
  logic: (input: z.output<Schema>, deps: Invocation) => Promise<Output>,
  kind: LogKind = 'migration',
): StepHandler<Output> {
  const handler = middy(async (event: unknown, context: Context): Promise<Output> => {
    const deps = await dependencies();
    const ends = Date.now() + deps.config.stepBudgetMs;
    const timeIsUp = (): boolean => Date.now() >= ends || context.getRemainingTimeInMillis() < SAFETY_MS;
    return logic(checked(input, event, name), { ...deps, timeIsUp });
  }).use(tellsErrors(name, kind) as never);
  return handler as unknown as StepHandler<Output>;
}
