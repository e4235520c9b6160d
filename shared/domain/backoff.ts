/** How long to wait before another try: exponential, with full jitter, so that many who failed at once do not come back at once. */

const FIRST_MS = 200;
const LONGEST_MS = 20_000;

/** @param attempt 0 before the first retry; `random` gives a number in [0, 1) */
export const backoffMs = (attempt: number, random: () => number): number =>
  Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt));
