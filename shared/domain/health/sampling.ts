/** When the next look of a `--duration` command is due. A state machine waits whole seconds, and carries what was seen. */

/** With some 250 bytes a look, they stay far under what a state carries; and a day of looks under its history. */
const MOST_SAMPLES = 300;

export interface Schedule {
  readonly done: boolean;
  /** Whole, and 1 at least, as a Wait state takes them. */
  readonly waitSeconds: number;
}

/** A timer that fires some milliseconds early must not add a look. */
const EARLY = 0.5;

/** Seconds from look to look. */
export const intervalOf = (durationSeconds: number): number => Math.max(1, Math.ceil(durationSeconds / MOST_SAMPLES));

/** After a look at `elapsed` seconds: on the beat of the interval, and a last one at the end. */
export function scheduleAfter(elapsed: number, durationSeconds: number, interval: number): Schedule {
  const left = durationSeconds - elapsed;
  if (left < EARLY) return { done: true, waitSeconds: 1 };
  const beat = (Math.floor((elapsed + EARLY) / interval) + 1) * interval - elapsed;
  return { done: false, waitSeconds: Math.max(1, Math.round(Math.min(beat, left))) };
}
