/**
 * What a first load of so many rows comes to in Step Functions and Lambda, against the limits of the services. The arithmetic
 * follows the machine (infra/state-machines/migration-group.ts) and the slices (shared/database/engine/prepare.ts); what it
 * rests on is measured or asked, and named.
 */
import { foreseenSlices, runCost } from './run-cost.ts';

export const LIMITS = {
  /** Events in the history of one execution. */
  events: 25_000,
  /** Bytes of a state's input or output. */
  payloadBytes: 256 * 1024,
  /** Child executions of a distributed Map at once. */
  concurrency: 10_000,
  /** Iterations of a slice's loop that its history has room for. */
  loops: 2_000,
  functionSeconds: 300,
} as const;

/** Entering and leaving the Choice and the Task, and the function's three events. */
const EVENTS_OF_A_LOOP = 7;
/** Start, end, the Map's own, and what stands around the slices of an entity. */
const EVENTS_AROUND = 60;
const BUDGET_SECONDS = 60;
/** A slice in a state: its number and two keys. */
const BYTES_OF_A_SLICE = 70;

export interface Scale {
  readonly rows: number;
  /** Slices at work side by side: each has one session on either side. */
  readonly lanes: number;
  /** Rows a second that one lane carries where nothing is short (measured: 12,000 on a core of its own). */
  readonly laneRate: number;
  /** Rows a second that the target writes whatever is asked of it, with its indexes and its log. */
  readonly targetRate: number;
}

export interface Foreseen {
  readonly slices: number;
  readonly rowsOfASlice: number;
  readonly loopsOfASlice: number;
  readonly eventsOfASlice: number;
  readonly eventsOfTheRun: number;
  readonly planBytes: number;
  readonly connections: number;
  readonly rowsPerSecond: number;
  readonly seconds: number;
  readonly dollars: number;
  readonly bound: 'the lanes' | 'the target';
}

export function foresee({ rows, lanes, laneRate, targetRate }: Scale): Foreseen {
  const slices = foreseenSlices(rows, lanes);
  const rowsOfASlice = Math.ceil(rows / slices);
  const rowsPerSecond = Math.min(lanes * laneRate, targetRate);
  const rateOfALane = rowsPerSecond / lanes;
  const loopsOfASlice = Math.max(1, Math.ceil(rowsOfASlice / rateOfALane / BUDGET_SECONDS));
  return {
    slices,
    rowsOfASlice,
    loopsOfASlice,
    eventsOfASlice: EVENTS_AROUND + loopsOfASlice * EVENTS_OF_A_LOOP,
    eventsOfTheRun: EVENTS_AROUND * 2,
    planBytes: slices * BYTES_OF_A_SLICE,
    connections: lanes + 1,
    rowsPerSecond,
    seconds: Math.ceil(rows / rowsPerSecond),
    dollars: runCost({ entities: [{ rows, rowsPerSecond: rateOfALane, slices }] }).usd.total,
    bound: lanes * laneRate <= targetRate ? 'the lanes' : 'the target',
  };
}
