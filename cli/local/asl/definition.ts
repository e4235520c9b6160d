/**
 * The part of the Amazon States Language that AWS and this interpreter execute alike. What a definition may hold is checked
 * by `subsetFaults` of the domain; these are the types of what has passed.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'NONE' | 'FULL';
}
export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
}

interface Paths {
  readonly ResultPath?: string | null;
  readonly ResultSelector?: Json;
}
interface Transition {
  readonly Next?: string;
  readonly End?: boolean;
}
interface Guarded {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface TaskState extends Paths, Transition, Guarded {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Parameters?: Json;
  readonly TimeoutSeconds?: number;
}
export interface MapState extends Paths, Transition, Guarded {
  readonly Type: 'Map';
  readonly ItemsPath?: string;
  readonly ItemSelector?: Json;
  readonly MaxConcurrency?: number;
  readonly MaxConcurrencyPath?: string;
  readonly ItemProcessor: States;
}
interface PassState extends Transition {
  readonly Type: 'Pass';
  readonly ResultPath?: string | null;
  readonly Parameters?: Json;
  readonly Result?: Json;
}
interface WaitState extends Transition {
  readonly Type: 'Wait';
  readonly Seconds?: number;
  readonly SecondsPath?: string;
}
export interface ChoiceState {
  readonly Type: 'Choice';
  readonly Choices: readonly (JsonObject & { readonly Next: string })[];
  readonly Default?: string;
}
interface SucceedState {
  readonly Type: 'Succeed';
}
interface FailState {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}

export type State = TaskState | MapState | PassState | WaitState | ChoiceState | SucceedState | FailState;

export interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
export interface StateMachine extends States {
  readonly TimeoutSeconds?: number;
}

/** Every Task of a machine, in Maps too. */
export function tasksOf(states: States): readonly string[] {
  return Object.entries(states.States).flatMap(([name, state]) =>
    state.Type === 'Task' ? [name] : state.Type === 'Map' ? tasksOf(state.ItemProcessor) : [],
  );
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
