/** `migration-analyzer validate-uuid-mappings`. */
import type { RowProgress } from '../../../shared/contracts/operation.ts';
import {
  faultyOf,
  inspectMappingRange,
  inspectShared,
  NO_MAPPING_FINDINGS,
  type MappingFindings,
} from '../../../shared/database/engine/inspect-mappings.ts';
import { rangeBounds } from '../../../shared/database/engine/key-ranges.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { MappingsAnswer } from '../../../shared/operations/migration-analyzer/validate-uuid-mappings.ts';
import { compiledOf, knownOf, soundMap, speakOf } from '../../mapped-entities.ts';
import { mappingStateOf } from '../../mapping-state.ts';
import type { RowOutcome } from '../../row-command.ts';
import { isDone, workRows, type RowWork } from '../../row-work.ts';
import type { Invocation } from '../../step.ts';

export async function validateUuidMappings(
  request: { readonly entity: 'all' | readonly string[] },
  progress: RowProgress,
  deps: Invocation,
): Promise<RowOutcome> {
  const map = await deps.configuredMap();
  const chosen = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides('validate-uuid-mappings', [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const { known, notes } = knownOf(loaded, chosen);
    const work: RowWork<MappingFindings> = {
      entities: known,
      async begin(name) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return { bounds: await rangeBounds(sides.source, entity), found: NO_MAPPING_FINDINGS };
      },
      async range(name, range, found) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return (await inspectMappingRange(sides, entity, map.name, range, found)).findings;
      },
      end: (name, found) => inspectShared(sides.target, compiledOf(loaded, name), found),
    };
    const after = await workRows(work, progress, deps.timeIsUp);
    if (!isDone(work, after)) return { unfinished: after };
    const found = after.found as Record<string, MappingFindings>;
    const answer: MappingsAnswer = {
      faulty: Object.values(found).reduce((sum, one) => sum + faultyOf(one), 0),
      mappings: Object.entries(found).map(([name, one]) => mappingStateOf(name, one)),
      notes: [...notes],
    };
    return { answer };
  });
}
