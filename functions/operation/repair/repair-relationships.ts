/** `migration-analyzer repair-relationships`: without --auto-fix the same look, and the counts that the real run would have. */
import type { RowProgress } from '../../../shared/contracts/operation.ts';
import {
  brokenOf,
  inspectRange,
  inspectUnmapped,
  noFindings,
  sidesOf,
  type EntityFindings,
} from '../../../shared/database/engine/inspect-references.ts';
import { rangeBounds } from '../../../shared/database/engine/key-ranges.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { RepairRelationshipsAnswer } from '../../../shared/operations/migration-analyzer/repair-relationships.ts';
import type { LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import type { Sides } from '../../dependencies.ts';
import { compiledOf, knownOf, soundMap, speakOf } from '../../mapped-entities.ts';
import { leftOf, repairReferences } from '../../reference-repair.ts';
import { concernedBy, relationshipsOf } from '../../relationships.ts';
import { finishRepair, foreseenSummary } from '../../repair-run.ts';
import type { RowOutcome } from '../../row-command.ts';
import { isDone, workRows, type RowWork } from '../../row-work.ts';
import type { Invocation } from '../../step.ts';

export interface RepairRelationshipsRequest {
  readonly command: string;
  readonly entity: 'all' | readonly string[];
  readonly autoFix: boolean;
  readonly dryRun: boolean;
  readonly batchId?: string | undefined;
}

type Found = Readonly<Record<string, EntityFindings>>;

export async function repairRelationships(
  request: RepairRelationshipsRequest,
  progress: RowProgress,
  deps: Invocation,
  execution: string,
): Promise<RowOutcome> {
  const map = await deps.configuredMap();
  const chosen = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides(`${progress.operationId ?? 'repair'}:plan`, [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const { known, notes } = knownOf(loaded, concernedBy(loaded, chosen));
    if (!request.autoFix || known.length === 0)
      return foresee(sides, loaded, chosen, known, notes, progress, deps.timeIsUp);
    const { done, progress: after } = await repairReferences(sides, map, known, execution, request, progress, deps);
    if (!done) return { unfinished: after };
    const found = after.found as Found;
    const left = leftOf(found);
    const ended = await finishRepair(sides, after, left, execution);
    return { answer: { ...ended, dryRun: false, ...answerOf(loaded, chosen, found), left, notes: [...notes] } };
  });
}

/** References that had something wrong. */
const answerOf = (
  loaded: LoadedMap,
  chosen: readonly string[],
  found: Found,
): Pick<RepairRelationshipsAnswer, 'relationships'> => ({
  relationships: relationshipsOf(loaded, chosen, found).filter(
    (one) => one.orphan + one.wrongParent + one.lost + one.mapping + one.unmappedOrphans > 0,
  ),
});

async function foresee(
  sides: Sides,
  loaded: LoadedMap,
  chosen: readonly string[],
  known: readonly string[],
  notes: readonly string[],
  progress: RowProgress,
  timeIsUp: () => boolean,
): Promise<RowOutcome> {
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
  const after = await workRows(work, progress, timeIsUp);
  if (!isDone(work, after)) return { unfinished: after };
  const found = after.found as Found;
  const broken = Object.values(found).reduce(
    (sum, { references }) => sum + references.reduce((n, one) => n + brokenOf(one), 0),
    0,
  );
  const answer: RepairRelationshipsAnswer = {
    operationId: '',
    batchId: null,
    dryRun: true,
    status: broken > 0 ? 'completed_with_findings' : 'completed',
    entities: Object.fromEntries(
      Object.entries(found).map(([name, { rows, references }]) => [
        name,
        foreseenSummary(rows, { updated: references.reduce((sum, one) => sum + one.provable, 0) }),
      ]),
    ),
    ...answerOf(loaded, chosen, found),
    left: broken,
    notes: [...notes],
  };
  return { answer };
}
