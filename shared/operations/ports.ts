/**
 * How a command reaches the machines, whether they run in AWS or in this process. Every implementation passes the same
 * contract tests.
 */

/** The vocabulary of Step Functions. */
type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionResult {
  readonly name: string;
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  /** The machine's output; null unless it succeeded. */
  readonly output: unknown;
  /** Code (or name) of the error, and its text; null where it succeeded. */
  readonly error: string | null;
  readonly cause: string | null;
}

export interface Executions {
  /** Starts an execution and returns at once. A name can be used once: a second start is refused. */
  start(machine: string, name: string, input: unknown): Promise<{ readonly name: string }>;
  /** Waits until it has ended, however it ends. */
  wait(name: string): Promise<ExecutionResult>;
  /** Ends it at the next batch border: steps at work return their progress, no other step begins. */
  stop(name: string): Promise<void>;
}

/** How far one entity is, for the progress bar. */
export interface EntityProgress {
  readonly entity: string;
  readonly status: string;
  readonly rowsDone: number;
  /** Null while nobody has counted. */
  readonly rowsTotal: number | null;
  /** What a row has cost, and what it was expected to cost (domain/eta.ts). */
  readonly msPerRow?: number | null | undefined;
  readonly rowCost?: number | null | undefined;
}

export interface ProgressSource {
  /** The operation of this execution so far; null before it has one. */
  progress(
    execution: string,
  ): Promise<{ readonly operationId: string; readonly entities: readonly EntityProgress[] } | null>;
}
