/** Whether memory grows without end: a line through what is left after each collection. */
import { fitLine } from './statistics.ts';

export interface MemoryPoint {
  readonly seconds: number;
  /** Alive after a collection: heap and buffers outside of it. */
  readonly bytes: number;
}

export interface MemoryGrowth {
  readonly verdict: 'leak' | 'flat' | 'not enough data';
  readonly bytesPerMinute: number | null;
  /** Of the samples that count. */
  readonly samples: number;
  readonly first: number | null;
  readonly last: number | null;
}

/** The first fifth fills caches and compiles code: that is growth which ends. */
const WARM_UP = 0.2;
const ENOUGH_SAMPLES = 6;
/** Chance gives a slope of more than four standard errors once in some thousand looks. */
const SURE = 4;
/** Caches of code and statements still creep by so much in all; a batch that is leaked is far more. */
const LEAST_GROWTH = 2 * 2 ** 20;

export function memoryGrowth(samples: readonly MemoryPoint[]): MemoryGrowth {
  const counted = samples.slice(Math.ceil(samples.length * WARM_UP));
  const facts = {
    samples: counted.length,
    first: counted[0]?.bytes ?? null,
    last: counted.at(-1)?.bytes ?? null,
  };
  const line = counted.length < ENOUGH_SAMPLES ? null : fitLine(counted.map(({ seconds: x, bytes: y }) => ({ x, y })));
  if (line === null) return { verdict: 'not enough data', bytesPerMinute: null, ...facts };
  const span = (counted.at(-1)?.seconds ?? 0) - (counted[0]?.seconds ?? 0);
  const grows = line.slope > SURE * line.slopeError && line.slope * span > LEAST_GROWTH;
  return { verdict: grows ? 'leak' : 'flat', bytesPerMinute: Math.round(line.slope * 60), ...facts };
}
