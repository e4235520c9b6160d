/** What a series of looks at the connections amounts to. */
import { pressureOf, type ConnectionLimit } from './connections.ts';

/** One side at one moment. */
export interface SideSample {
  readonly ours: number;
  readonly active: number;
  readonly idleInTransaction: number;
  readonly waiting: number;
  /** Of the limit that is nearest. */
  readonly used: number;
  readonly most: number;
  readonly limit: ConnectionLimit['name'];
}

export interface ConnectionSample {
  /** Seconds since the beginning. */
  readonly at: number;
  /** Null: it could not be reached. */
  readonly source: SideSample | null;
  readonly target: SideSample | null;
}

export interface SideSummary {
  readonly side: 'source' | 'target';
  readonly unreachable: number;
  readonly ours: { readonly most: number; readonly mean: number };
  readonly used: { readonly most: number; readonly of: number; readonly limit: string } | null;
  readonly waiting: number;
  readonly idleInTransaction: number;
}

export interface SampleFinding {
  readonly code: 'SYS001' | 'SYS003' | 'M010';
  readonly text: string;
  readonly next: string;
}

/** So many looks in a row, one a second or rarer, are no statement on its way. */
const IN_A_ROW = 5;
const SIDES = ['source', 'target'] as const;

export function summarizeConnections(samples: readonly ConnectionSample[]): {
  readonly sides: readonly SideSummary[];
  readonly findings: readonly SampleFinding[];
} {
  return {
    sides: SIDES.map((side) => summaryOf(side, samples)),
    findings: SIDES.flatMap((side) => findingsOf(side, samples)),
  };
}

function summaryOf(side: 'source' | 'target', samples: readonly ConnectionSample[]): SideSummary {
  const seen = samples.flatMap((sample) => sample[side] ?? []);
  const nearest = seen.reduce<SideSample | null>(
    (worst, each) => (worst === null || each.used / each.most > worst.used / worst.most ? each : worst),
    null,
  );
  return {
    side,
    unreachable: samples.length - seen.length,
    ours: {
      most: Math.max(0, ...seen.map(({ ours }) => ours)),
      mean: seen.length === 0 ? 0 : Math.round((seen.reduce((sum, { ours }) => sum + ours, 0) / seen.length) * 10) / 10,
    },
    used: nearest === null ? null : { most: nearest.used, of: nearest.most, limit: nearest.limit },
    waiting: Math.max(0, ...seen.map(({ waiting }) => waiting)),
    idleInTransaction: Math.max(0, ...seen.map(({ idleInTransaction }) => idleInTransaction)),
  };
}

function findingsOf(side: 'source' | 'target', samples: readonly ConnectionSample[]): readonly SampleFinding[] {
  const found: SampleFinding[] = [];
  const { unreachable, used } = summaryOf(side, samples);
  if (unreachable > 0)
    found.push({
      code: 'SYS001',
      text: `${side}: not reached at ${unreachable} of ${samples.length} looks`,
      next: 'portage migration-analyzer test-connections --verbose',
    });
  if (used !== null) {
    const pressure = pressureOf({ name: 'Portage', used: used.most, most: used.of });
    if (pressure !== 'enough')
      found.push({
        code: 'SYS003',
        text: `${side}: up to ${used.most} of ${used.of} connections that ${used.limit} allows were in use`,
        next: 'portage migration-analyzer debug-connections --show-active',
      });
  }
  const stuck = (count: (of: SideSample) => number): number =>
    longestRow(samples.map((sample) => (sample[side] === null ? 0 : count(sample[side]))));
  for (const [kind, count] of [
    ['waits for a lock', (of: SideSample) => of.waiting],
    ['is idle in a transaction', (of: SideSample) => of.idleInTransaction],
  ] as const) {
    const row = stuck(count);
    if (row >= IN_A_ROW)
      found.push({
        code: 'M010',
        text: `${side}: a session of Portage ${kind} at ${row} looks in a row`,
        next: 'portage migration-analyzer detect-connection-leaks --entity all',
      });
  }
  return found;
}

function longestRow(counts: readonly number[]): number {
  let [longest, now] = [0, 0];
  for (const count of counts) {
    now = count > 0 ? now + 1 : 0;
    longest = Math.max(longest, now);
  }
  return longest;
}
