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

/** When a job's machine is to be started. */
export interface JobSchedule {
  /** That of the job. */
  readonly name: string;
  /** As EventBridge Scheduler reads it: cron of six fields, or a rate. */
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** Not before; of a rate this is the first time. ISO. Null while it does not matter. */
  readonly startsAt: string | null;
}

/** A schedule as it was found. */
export interface FoundSchedule extends JobSchedule {
  /** What else is not as this program writes it: another machine, another role, an input that somebody edited. */
  readonly deviations: readonly string[];
}

/** Who fires jobs at their times. What stands here follows from the jobs in the ledger, which are the truth. */
export interface Schedules {
  /** All there are in this environment, whoever made them. */
  names(): Promise<readonly string[]>;
  find(name: string): Promise<FoundSchedule | null>;
  /**
   * Makes it exactly so, whether or not it is there. A repeat under the same token does nothing more; another content needs
   * another token.
   */
  put(schedule: JobSchedule, token: string): Promise<void>;
  /** Gone afterwards, whether or not it was there. */
  remove(name: string, token: string): Promise<void>;
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
