/** `conflict-resolver analyze-conflicts`: patterns in conflicts, and what each strategy would make of those that are open. */
import type {
  AnalyzeConflictsRequest,
  AnalyzeConflictsAnswer,
} from '../../../shared/operations/conflict-resolver/analyze-conflicts.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { conflictPatterns } from '../../../shared/database/inspect/conflicts.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import { STRATEGIES } from '../../../shared/domain/settlement.ts';
import type { Invocation } from '../../step.ts';
import { tryEntity } from './test-strategy.ts';

export async function analyzeConflicts(
  { entity, lastDays }: AnalyzeConflictsRequest,
  deps: Invocation,
): Promise<AnalyzeConflictsAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(entity, Object.keys(map.entities));
  return deps.withSides('analyze-conflicts', [], async (sides) => {
    const entities: AnalyzeConflictsAnswer['entities'] = {};
    if ((await ledgerVersion(sides.target)) === 0) return { lastDays, entities };
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    for (const name of names) {
      const strategies: AnalyzeConflictsAnswer['entities'][string]['strategies'] = {};
      for (const strategy of STRATEGIES)
        if (strategy !== 'manual') strategies[strategy] = await tryEntity(sides, loaded, name, { strategy });
      const patterns = await conflictPatterns(sides.target, map.name, name, lastDays);
      entities[name] = { ...patterns, strategies };
    }
    return { lastDays, entities };
  });
}
