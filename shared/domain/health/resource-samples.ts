/** What a series of looks at a running migration amounts to. */

export interface ResourceSample {
  /** Seconds since the beginning. */
  readonly at: number;
  /** Entities that somebody works on. */
  readonly atWork: number;
  /** Of the newest checkpoints. */
  readonly rows: number;
  readonly rowsTotal: number | null;
  readonly batches: number;
  /** Of the batches since the look before; null without one. */
  readonly batchMs: number | null;
  /** Of the workers' processes, as their last batches say. */
  readonly memoryBytes: number | null;
  readonly heartbeatSeconds: number | null;
  readonly sourceActive: number;
  readonly targetActive: number;
  readonly waiting: number;
  /** Of the target, since the look before. */
  readonly commitsPerSecond: number | null;
  readonly cacheHitPercent: number | null;
  readonly targetBytes: number;
}

export interface ResourceSummary {
  readonly rows: number;
  readonly batches: number;
  readonly rowsPerSecond: { readonly mean: number; readonly most: number } | null;
  readonly batchMs: { readonly mean: number; readonly most: number } | null;
  readonly memoryBytes: { readonly first: number; readonly last: number; readonly most: number } | null;
  readonly waiting: number;
  readonly targetGrewBytes: number;
  readonly findings: readonly string[];
}

/** A look every second sees each lock that matters several times. */
const WAITED_SHARE = 0.5;

export interface ResourceLimits {
  readonly memoryBytes: number;
  readonly leaseSeconds: number;
}

export function summarizeResources(samples: readonly ResourceSample[], limits: ResourceLimits): ResourceSummary {
  const [first, last] = [samples[0], samples.at(-1)];
  const rates = samples.flatMap((sample, i) => {
    const before = samples[i - 1];
    // A new run begins to count anew.
    if (before === undefined || sample.at <= before.at || sample.rows < before.rows) return [];
    return [{ rows: sample.rows - before.rows, seconds: sample.at - before.at }];
  });
  const rows = rates.reduce((sum, rate) => sum + rate.rows, 0);
  const seconds = rates.reduce((sum, rate) => sum + rate.seconds, 0);
  const ms = samples.flatMap(({ batchMs }) => batchMs ?? []);
  const memory = samples.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  const [memoryFirst, memoryLast] = [memory[0], memory.at(-1)];
  return {
    rows,
    batches: first && last ? Math.max(0, last.batches - first.batches) : 0,
    rowsPerSecond:
      seconds === 0
        ? null
        : {
            mean: Math.round(rows / seconds),
            most: Math.round(Math.max(...rates.map((rate) => rate.rows / rate.seconds))),
          },
    batchMs:
      ms.length === 0
        ? null
        : { mean: Math.round(ms.reduce((sum, each) => sum + each, 0) / ms.length), most: Math.max(...ms) },
    memoryBytes:
      memoryFirst === undefined || memoryLast === undefined
        ? null
        : { first: memoryFirst, last: memoryLast, most: Math.max(...memory) },
    waiting: Math.max(0, ...samples.map(({ waiting }) => waiting)),
    targetGrewBytes: first && last ? last.targetBytes - first.targetBytes : 0,
    findings: findingsOf(samples, memory, limits),
  };
}

function findingsOf(
  samples: readonly ResourceSample[],
  memory: readonly number[],
  { memoryBytes, leaseSeconds }: ResourceLimits,
): readonly string[] {
  const found: string[] = [];
  const most = Math.max(0, ...memory);
  if (most > memoryBytes)
    found.push(`memory came to ${mib(most)}, over the limit of ${mib(memoryBytes)}: make batches smaller`);
  const waited = samples.filter(({ waiting }) => waiting > 0).length;
  if (samples.length > 1 && waited >= samples.length * WAITED_SHARE)
    found.push(
      `at ${waited} of ${samples.length} looks a session waited for a lock: portage migration-analyzer debug-connections --show-active`,
    );
  const silent = samples.at(-1)?.heartbeatSeconds ?? 0;
  if (silent >= leaseSeconds)
    found.push(
      `a checkpoint is in progress without a sign of life for ${Math.round(silent)} s: portage migration-analyzer system-health`,
    );
  return found;
}

const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
