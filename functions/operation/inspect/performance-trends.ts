/** `migration-analyzer performance-trends`. */
import { runsSince } from '../../../shared/database/performance/run-figures.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { laneRate } from '../../../shared/domain/performance/run-figures.ts';
import { trendOf } from '../../../shared/domain/performance/trend.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { PerformanceTrendsAnswer } from '../../../shared/operations/migration-analyzer/performance-trends.ts';
import { NEVER_MIGRATED } from '../../performance-limits.ts';
import type { Invocation } from '../../step.ts';

export interface PerformanceTrendsRequest {
  readonly entity: 'all' | readonly string[];
  readonly lastDays: number;
}

/** Hourly jobs of a week; a run takes some 700 bytes of the answer, and a state carries 256 KiB. */
const MOST_RUNS = 200;

export async function performanceTrends(
  { entity, lastDays }: PerformanceTrendsRequest,
  deps: Invocation,
): Promise<PerformanceTrendsAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(entity, Object.keys(map.entities));
  return deps.withTarget('performance-trends', async (target) => {
    if ((await ledgerVersion(target)) === 0) return { days: lastDays, entities: [], notes: [NEVER_MIGRATED] };
    const found = await runsSince(target, map.name, names, lastDays, MOST_RUNS);
    const notes =
      found.length < MOST_RUNS ? [] : [`these are the newest ${MOST_RUNS} runs; ask for fewer days, or one entity`];
    const entities = names.map((name) => {
      const runs = found.filter((run) => run.entity === name).reverse();
      const rates = runs.flatMap((run) => laneRate(run) ?? []);
      return { entity: name, runs: runs.map((run) => structuredClone(run)), moving: { ...trendOf(rates) } };
    });
    return { days: lastDays, entities, notes };
  });
}
