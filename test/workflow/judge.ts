/** Runs a machine on our interpreter and on aws-local-stepfunctions, the judge, with the same handlers. */
import { expect } from '@jest/globals';
import { ExecutionError, StateMachine as Judge, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { tasksOf, type Json, type State, type StateMachine } from '../../cli/local/asl/definition.ts';
import { StateError } from '../../cli/local/asl/errors.ts';
import { interpret } from '../../cli/local/asl/interpret.ts';

/** Answers one call of a Task; `call` counts all of them. */
export type Handler = (state: string, payload: Json, call: number) => Json;
export interface Outcome {
  readonly end: unknown;
  readonly calls: readonly string[];
}
const NAME = { Execution: { Name: 'judged' } };

/** On our interpreter. */
export async function ours(machine: StateMachine, input: Json, handler: Handler): Promise<Outcome> {
  const calls: string[] = [];
  const end = await interpret(
    {
      machine,
      context: { Execution: { Name: 'judged', Input: input } },
      call: async (state, payload) => {
        calls.push(`${state} ${JSON.stringify(payload)}`);
        return handler(state, payload, calls.length);
      },
      signal: new AbortController().signal,
      random: () => 0,
    },
    input,
  ).catch((error: unknown) => {
    if (!(error instanceof StateError)) throw error;
    return { failed: error.errorName, cause: error.causeText };
  });
  return { end, calls };
}

async function theirs(machine: StateMachine, input: Json, handler: Handler): Promise<Outcome> {
  const calls: string[] = [];
  const tasks = tasksOf(machine);
  const judge = new Judge(machine as unknown as StateMachineDefinition, { validationOptions: { noValidate: true } });
  const call = (state: string) => async (payload: unknown) => {
    calls.push(`${state} ${JSON.stringify(payload)}`);
    try {
      return handler(state, JSON.parse(JSON.stringify(payload)) as Json, calls.length) as never;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      throw Object.assign(new Error(error.causeText), { name: error.errorName });
    }
  };
  const run = judge.run(input as never, {
    context: NAME,
    overrides: {
      taskResourceLocalHandlers: Object.fromEntries(tasks.map((task) => [task, call(task)])),
      retryIntervalOverrides: Object.fromEntries(tasks.map((task) => [task, 0])),
    },
  });
  const end = await run.result.catch((error: unknown) => {
    if (!(error instanceof ExecutionError)) throw error;
    const cause = error.cause as Error;
    return { failed: cause.name, cause: cause.message };
  });
  return { end, calls };
}

/** On both; the same calls in the same order, and the same end. */
export async function expectSame(machine: StateMachine, input: Json, handler: Handler): Promise<Outcome> {
  const own = await ours(machine, input, handler);
  expect(own).toEqual(await theirs(machine, input, handler));
  return own;
}

export const task = (more: object): State => ({
  Type: 'Task',
  Resource: 'arn:aws:lambda:x',
  TimeoutSeconds: 5,
  ...more,
});
export const RETRY = [
  { ErrorEquals: ['SYS001', 'States.Timeout'], IntervalSeconds: 1, MaxAttempts: 2, JitterStrategy: 'FULL' },
];
export const fail = (name: string): never => {
  throw new StateError(name, `cause of ${name}`);
};
