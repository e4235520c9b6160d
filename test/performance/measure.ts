/** What every part of the benchmark answers: figures to read, and the bounds that they were held to. */

export interface Check {
  /** The bound, as the report names it. */
  readonly bound: string;
  readonly got: string;
  readonly met: boolean;
}

export interface Measured {
  readonly title: string;
  readonly table: readonly (readonly string[])[];
  readonly figures: Readonly<Record<string, unknown>>;
  readonly checks: readonly Check[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
export const perSecond = (rows: number, ms: number): number => Math.round((rows / ms) * 1000);
