/**
 * Runs a state machine in this process. Its own interpreter, because the library that could do it keeps starting the items
 * of a Map that has failed or was stopped, keeps every input in memory, and takes a third of a second to load; tests
 * run both over the same definitions and compare (docs/adr).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { choose } from './choice.ts';
import type { Json, JsonObject, MapState, State, StateMachine, States, TaskState } from './definition.ts';
import { Aborted, catcherFor, Retries, StateError } from './errors.ts';
import { fillTemplate, placeResult, read, type Scope } from './paths.ts';

/** Calls the handler of a Task; throws a StateError, or answers its result. */
export type TaskCall = (state: string, payload: Json, task: TaskState, context: JsonObject) => Promise<Json>;

export interface Execution {
  readonly machine: StateMachine;
  /** `Execution` and `StateMachine` of the context object. */
  readonly context: JsonObject;
  readonly call: TaskCall;
  /** Aborted: steps at work end, no other begins. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/** The state size that Step Functions accepts. */
const PAYLOAD_LIMIT = 262_144;

/** Runs it to its end; throws the StateError that ended it, or Aborted. */
export async function interpret(execution: Execution, input: Json): Promise<Json> {
  return runStates(execution.machine, withinLimit(input, 'The input'), execution, execution.context, execution.signal);
}

async function runStates(
  states: States,
  input: Json,
  run: Execution,
  context: JsonObject,
  signal: AbortSignal,
): Promise<Json> {
  let name: string | undefined = states.StartAt;
  let data = input;
  while (name !== undefined) {
    if (signal.aborted) throw new Aborted();
    const state: State | undefined = states.States[name];
    if (state === undefined) throw new StateError('States.Runtime', `There is no state ${name}`);
    const inState = { ...context, State: { Name: name, EnteredTime: new Date().toISOString() } };
    const step: Step = await runState(name, state, data, run, inState, signal);
    data = withinLimit(step.output, `The output of ${name}`);
    name = step.next;
  }
  return data;
}

interface Step {
  readonly output: Json;
  readonly next?: string | undefined;
}

async function runState(
  name: string,
  state: State,
  raw: Json,
  run: Execution,
  context: JsonObject,
  signal: AbortSignal,
): Promise<Step> {
  const scope: Scope = { input: raw, context };
  if (state.Type === 'Fail') {
    throw new StateError(
      state.ErrorPath === undefined ? (state.Error ?? '') : textAt(state.ErrorPath, scope),
      state.CausePath === undefined ? (state.Cause ?? '') : textAt(state.CausePath, scope),
    );
  }
  switch (state.Type) {
    case 'Succeed':
      return { output: raw };
    case 'Choice':
      return { output: raw, next: choose(state, scope) };
    case 'Wait':
      await pause((state.Seconds ?? Number(read(state.SecondsPath ?? '$', scope))) * 1000, signal);
      return { output: raw, next: state.Next };
    case 'Pass': {
      const given = state.Parameters === undefined ? raw : fillTemplate(state.Parameters, scope);
      return { output: placeResult(state.ResultPath, raw, state.Result ?? given), next: state.Next };
    }
    case 'Task':
    case 'Map':
      return guarded(state, raw, run, signal, async () => {
        const result =
          state.Type === 'Task'
            ? await runTask(name, state, scope, run, signal)
            : await runMap(state, scope, run, signal);
        const selected =
          state.ResultSelector === undefined ? result : fillTemplate(state.ResultSelector, { input: result, context });
        return { output: placeResult(state.ResultPath, raw, selected), next: state.Next };
      });
  }
}

/** Retry, then Catch. */
async function guarded(
  state: TaskState | MapState,
  raw: Json,
  run: Execution,
  signal: AbortSignal,
  attempt: () => Promise<Step>,
): Promise<Step> {
  const retries = new Retries(state.Retry ?? [], run.random);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const delay = retries.next(error.errorName);
      if (delay !== undefined) {
        await pause(delay, signal);
        continue;
      }
      const catcher = catcherFor(state.Catch ?? [], error.errorName);
      if (catcher === undefined) throw error;
      const caught = { Error: error.errorName, Cause: error.causeText };
      return { output: placeResult(catcher.ResultPath, raw, caught), next: catcher.Next };
    }
  }
}

async function runTask(
  name: string,
  state: TaskState,
  scope: Scope,
  run: Execution,
  signal: AbortSignal,
): Promise<Json> {
  const payload = state.Parameters === undefined ? scope.input : fillTemplate(state.Parameters, scope);
  const result = await run.call(
    name,
    withinLimit(payload, `The payload of ${name}`),
    state,
    scope.context as JsonObject,
  );
  // A step that was at work when the execution was stopped has returned its progress; nothing follows from it.
  if (signal.aborted) throw new Aborted();
  return withinLimit(result, `The result of ${name}`);
}

/** A failing item stops the others at their next state; what has not begun does not begin. */
async function runMap(state: MapState, scope: Scope, run: Execution, outer: AbortSignal): Promise<Json> {
  const items = state.ItemsPath === undefined ? scope.input : read(state.ItemsPath, scope);
  if (!Array.isArray(items)) throw new StateError('States.Runtime', 'The items of a Map are not an array');
  const lanes =
    state.MaxConcurrencyPath === undefined
      ? (state.MaxConcurrency ?? 0)
      : Number(read(state.MaxConcurrencyPath, scope));
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const results = new Array<Json>(items.length);
  let failure: Error | undefined;
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < items.length && !signal.aborted) {
      const index = begun++;
      const context = {
        ...(scope.context as JsonObject),
        Map: { Item: { Index: index, Value: items[index] as Json } },
      };
      const input =
        state.ItemSelector === undefined
          ? (items[index] as Json)
          : fillTemplate(state.ItemSelector, { input: scope.input, context });
      results[index] = await runStates(
        state.ItemProcessor,
        withinLimit(input, 'The item of a Map'),
        run,
        context,
        signal,
      );
    }
  };
  const guardedLane = (): Promise<void> =>
    lane().catch((error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error));
      failed.abort();
    });
  const wanted = lanes > 0 ? lanes : INLINE_MAP_LANES;
  await Promise.all(Array.from({ length: Math.min(wanted, items.length) }, guardedLane));
  if (outer.aborted) throw new Aborted();
  if (failure !== undefined) throw failure;
  return results;
}

function textAt(path: string, scope: Scope): string {
  const value = read(path, scope);
  if (typeof value !== 'string') throw new StateError('States.Runtime', `The path ${path} of a Fail state is no text`);
  return value;
}

/** What AWS runs at once in an inline Map without a MaxConcurrency. */
const INLINE_MAP_LANES = 40;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new Aborted();
  }
}

function withinLimit(value: Json, what: string): Json {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > PAYLOAD_LIMIT) {
    throw new StateError(
      'States.DataLimitExceeded',
      `${what} has ${bytes} bytes; a state carries at most ${PAYLOAD_LIMIT}`,
    );
  }
  return value;
}
