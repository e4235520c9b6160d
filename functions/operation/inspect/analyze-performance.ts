/** `migration-analyzer analyze-performance`: figures from the ledger, judged by the rules of shared/domain/performance. */
import { lastRuns, slowBatches } from '../../../shared/database/performance/run-figures.ts';
import { tableFacts } from '../../../shared/database/performance/table-facts.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { normalEntity } from '../../../shared/domain/entity-map.ts';
import { judgeRun } from '../../../shared/domain/performance/judge-run.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type {
  AnalyzedRun,
  AnalyzePerformanceAnswer,
} from '../../../shared/operations/migration-analyzer/analyze-performance.ts';
import { limitsOf, NEVER_MIGRATED } from '../../performance-limits.ts';
import type { Invocation } from '../../step.ts';

export interface AnalyzePerformanceRequest {
  readonly entity: 'all' | readonly string[];
  readonly lastRun: boolean;
}

/** Runs of an entity, without `--last-run`. */
const RUNS = 10;
/** The slowest, and enough to see what they have in common. */
const SLOW = 10;

export async function analyzePerformance(
  request: AnalyzePerformanceRequest,
  deps: Invocation,
): Promise<AnalyzePerformanceAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  const limits = limitsOf(deps.settings(map));
  return deps.withSides('analyze-performance', [], async ({ source, target }) => {
    const told = { rowsPerSecond: limits.floor, memoryBytes: limits.memoryBytes };
    if ((await ledgerVersion(target)) === 0) return { limits: told, runs: [], notes: [NEVER_MIGRATED] };
    const runs: AnalyzedRun[] = [];
    const notes: string[] = [];
    for (const name of names) {
      const figures = await lastRuns(target, map.name, name, request.lastRun ? 1 : RUNS);
      if (figures.length === 0) notes.push(`${name} was never migrated`);
      const facts = await tableFacts(source, target, normalEntity(map, name));
      for (const run of figures) {
        const slow = await slowBatches(target, run, SLOW);
        const { bottleneck, shares, findings, advice } = judgeRun(run, slow, facts, limits);
        runs.push({
          ...structuredClone(run),
          bottleneck,
          shares,
          slowBatches: slow.map((batch) => ({ ...batch })),
          findings: findings.map((finding) => ({ ...finding })),
          advice: [...advice],
        });
      }
    }
    return { limits: told, runs, notes };
  });
}
