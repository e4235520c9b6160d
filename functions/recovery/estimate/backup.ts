/** What a backup would hold: a row of the file for each mapping. */
import type { EstimateRecoveryInput, EstimateRecoveryOutput } from '../../../shared/contracts/recovery.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { unhurried } from '../../../shared/database/session.ts';
import { countBackup } from '../../../shared/database/sql/backup.ts';
import { NOTHING } from '../../../shared/domain/action-counts.ts';
import { entityOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';

export async function estimateBackup(input: EstimateRecoveryInput, deps: Invocation): Promise<EstimateRecoveryOutput> {
  const map = await deps.configuredMap();
  return deps.withSides('dry-run', [], async (sides) => {
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    const entities: EstimateRecoveryOutput['entities'] = {};
    for (const name of input.entities) {
      const counted = await unhurried(sides.target, () => sides.target.one(countBackup(entityOf(loaded, name))));
      const rows = Number(counted['rows']);
      entities[name] = { ...NOTHING, read: rows, unchanged: rows };
    }
    return { entities, kept: [], keptRows: 0, notes: [] };
  });
}
