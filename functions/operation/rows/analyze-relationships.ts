/** `migration-analyzer analyze-relationships`. */
import {
  brokenOf,
  inspectRange,
  inspectUnmapped,
  noFindings,
  sidesOf,
  type EntityFindings,
} from '../../../shared/database/engine/inspect-references.ts';
import { rangeBounds } from '../../../shared/database/engine/key-ranges.ts';
import type { RowProgress } from '../../../shared/contracts/operation.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { RelationshipsAnswer } from '../../../shared/operations/migration-analyzer/analyze-relationships.ts';
import { compiledOf, knownOf, soundMap, speakOf } from '../../mapped-entities.ts';
import { concernedBy, relationshipsOf } from '../../relationships.ts';
import type { RowOutcome } from '../../row-command.ts';
import { isDone, workRows, type RowWork } from '../../row-work.ts';
import type { Invocation } from '../../step.ts';

export interface AnalyzeRelationshipsRequest {
  readonly entity: 'all' | readonly string[];
  readonly brokenOnly: boolean;
}

export async function analyzeRelationships(
  request: AnalyzeRelationshipsRequest,
  progress: RowProgress,
  deps: Invocation,
): Promise<RowOutcome> {
  const map = await deps.configuredMap();
  const chosen = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides('analyze-relationships', [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const { known, notes } = knownOf(loaded, concernedBy(loaded, chosen));
    const work: RowWork<EntityFindings> = {
      entities: known,
      async begin(name) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return { bounds: await rangeBounds(sides.source, entity), found: noFindings(entity) };
      },
      async range(name, range, found) {
        const entity = compiledOf(loaded, name);
        await speakOf(sides, entity);
        return inspectRange(sides, sidesOf(loaded, entity), entity, range, found);
      },
      end: (name, found) => inspectUnmapped(sides.target, sidesOf(loaded, compiledOf(loaded, name)), found),
    };
    const after = await workRows(work, progress, deps.timeIsUp);
    if (!isDone(work, after)) return { unfinished: after };
    const found = after.found as Record<string, EntityFindings>;
    const all = relationshipsOf(loaded, chosen, found).map(({ mended: _mended, refused: _refused, ...one }) => one);
    const isBroken = (one: (typeof all)[number]): boolean =>
      one.orphan + one.wrongParent + one.lost + one.mapping + one.unmappedOrphans > 0;
    const answer: RelationshipsAnswer = {
      broken: Object.entries(found)
        .flatMap(([name, { references }]) =>
          references.filter((one) => chosen.includes(name) || chosen.includes(one.parent)),
        )
        .reduce((sum, one) => sum + brokenOf(one), 0),
      relationships: request.brokenOnly ? all.filter(isBroken) : all,
      unreadable: Object.fromEntries(
        Object.entries(found).flatMap(([name, { unreadable, unreadableKeys }]) =>
          unreadable === 0 ? [] : [[name, { rows: unreadable, keys: [...unreadableKeys] }]],
        ),
      ),
      notes: [...notes],
    };
    return { answer };
  });
}
