/** Whether runs become slower, from their rates in order. */
import { median, steadySlope } from './statistics.ts';

export const DIRECTIONS = ['faster', 'slower', 'steady', 'not enough data'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface Trend {
  readonly direction: Direction;
  /** From the first run to the last, along the line through them; null without enough of them. */
  readonly changePercent: number | null;
  /** Of the figures. */
  readonly median: number | null;
}

/** Two runs make a difference and three a coincidence; with five, two strays do not decide. */
const ENOUGH_RUNS = 5;
/** Runs on one machine differ by some ten percent from day to day. */
const NOTICED_PERCENT = 20;

/** The trend of a figure that should be high, such as a rate. */
export function trendOf(values: readonly number[]): Trend {
  const middle = median(values);
  const slope = values.length < ENOUGH_RUNS ? null : steadySlope(values.map((y, x) => ({ x, y })));
  if (slope === null || middle === null || middle === 0)
    return { direction: 'not enough data', changePercent: null, median: middle };
  const changePercent = Math.round(((slope * (values.length - 1)) / middle) * 1000) / 10;
  const noticed = Math.abs(changePercent) >= NOTICED_PERCENT;
  return {
    direction: noticed ? (changePercent < 0 ? 'slower' : 'faster') : 'steady',
    changePercent,
    median: middle,
  };
}
