/** `differential-migration explain`: the statements of a batch, from the same builders as the batch itself. */
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { explainBatch, withNumbers, type ExplainedStatement } from '../../../shared/database/inspect/explain-batch.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { checkMap, faultsError } from '../../../shared/database/map-check/check-map.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { Invocation } from '../../step.ts';

export interface ExplainRequest {
  readonly entity: 'all' | readonly string[];
}

interface ExplainAnswer {
  readonly entities: readonly { readonly entity: string; readonly statements: readonly ExplainedStatement[] }[];
  readonly notes: readonly string[];
}

/** What a batch holds where nobody says otherwise. */
const BATCH_ROWS = 5000;

const NOTES = [
  'COPY is one stream from the source into the target. From "find the staged rows" to "count what was done" a batch is one transaction of the target, under the fence of its entity; a statement without rows to work on is left out.',
  'Bounds and numbers of operation and batch are examples.',
];

export async function explain(request: ExplainRequest, deps: Invocation): Promise<ExplainAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides('explain', [], async (sides) => {
    const faults = (await checkMap(sides, map)).filter(({ severity }) => severity === 'fault');
    if (faults.length > 0) throw faultsError(faults);
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const loaded = await loadMap(sides.source, sides.target, map, hasLedger ? 'read' : 'none');
    const entities = withNumbers(loaded.entities);
    const batchRows = deps.settings(map).batchRows ?? BATCH_ROWS;
    return {
      entities: names.flatMap((name) => {
        const entity = entities.get(name);
        return entity === undefined ? [] : [{ entity: name, statements: explainBatch(entity, map.name, batchRows) }];
      }),
      notes: NOTES,
    };
  });
}
