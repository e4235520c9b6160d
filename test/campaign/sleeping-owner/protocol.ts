/** What the test says to the process that sleeps, and what it says back. */
import type { Point } from '../statement-signal.ts';

export interface Work {
  readonly operationNo: number;
  readonly operationId: string;
  readonly checkpointId: string;
  readonly fence: number;
  /** Where it falls asleep. */
  readonly point: Point;
}

/** `done`, or the code of the error that ended the work. */
export interface Outcome {
  readonly outcome: string;
}
