/** Errors of an execution, by the names that Retry and Catch match on. */
import type { Catcher, Retrier } from './definition.ts';

/** A failure inside a state; `cause` is the text that AWS would show. */
export class StateError extends Error {
  readonly errorName: string;
  readonly causeText: string;

  constructor(errorName: string, causeText: string, options?: ErrorOptions) {
    super(`${errorName}: ${causeText}`, options);
    this.name = errorName;
    this.errorName = errorName;
    this.causeText = causeText;
  }
}

/** The execution was stopped from outside: nothing catches it. */
export class Aborted extends Error {
  constructor() {
    super('The execution was stopped');
    this.name = 'Aborted';
  }
}

/** AWS lets States.ALL catch anything but these two. */
const UNCATCHABLE_BY_ALL = ['States.DataLimitExceeded', 'States.Runtime'];

/** Whether a Retry or Catch list names this error, as AWS matches it. */
function matches(patterns: readonly string[], errorName: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === errorName) return errorName !== 'States.Runtime';
    if (UNCATCHABLE_BY_ALL.includes(errorName)) return false;
    return pattern === 'States.ALL' || (pattern === 'States.TaskFailed' && errorName !== 'States.Timeout');
  });
}

export const catcherFor = (catchers: readonly Catcher[], errorName: string): Catcher | undefined =>
  catchers.find((catcher) => matches(catcher.ErrorEquals, errorName));

/** The counters of one stay in a state: each retrier has its own, and they start anew when the state is entered again. */
export class Retries {
  readonly #retriers: readonly Retrier[];
  readonly #random: () => number;
  readonly #used: number[];

  constructor(retriers: readonly Retrier[], random: () => number = Math.random) {
    this.#retriers = retriers;
    this.#random = random;
    this.#used = retriers.map(() => 0);
  }

  /** Milliseconds to wait before the next attempt, or undefined when there is none. */
  next(errorName: string): number | undefined {
    const index = this.#retriers.findIndex((retrier) => matches(retrier.ErrorEquals, errorName));
    const retrier = this.#retriers[index];
    const used = this.#used[index] ?? 0;
    if (retrier === undefined || used >= (retrier.MaxAttempts ?? 3)) return undefined;
    this.#used[index] = used + 1;
    const seconds = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** used;
    const bounded = Math.min(seconds, retrier.MaxDelaySeconds ?? Infinity) * 1000;
    return retrier.JitterStrategy === 'FULL' ? this.#random() * bounded : bounded;
  }
}
