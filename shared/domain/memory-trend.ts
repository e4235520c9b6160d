/** Whether memory grows with the rows that were carried, told from what each batch recorded (`--memory-monitoring`). */

export interface MemoryUse {
  readonly batches: number;
  readonly peakBytes: number;
  /** Slope of a line fitted through what the batches recorded, each process by itself. */
  readonly bytesPerBatch: number;
}

export type MemoryTrend = 'flat' | 'rising' | 'falling' | 'too few batches to tell';

/** Fewer points than this lie on any line. */
const LEAST_BATCHES = 8;
/** Over the whole run: what warming up and a collector that has its own time amount to. */
const NOISE_SHARE = 0.1;

/** What the slope amounts to over all batches, against the peak. */
export function memoryTrend({ batches, peakBytes, bytesPerBatch }: MemoryUse): MemoryTrend {
  if (batches < LEAST_BATCHES) return 'too few batches to tell';
  const growth = bytesPerBatch * batches;
  if (Math.abs(growth) <= peakBytes * NOISE_SHARE) return 'flat';
  return growth > 0 ? 'rising' : 'falling';
}
