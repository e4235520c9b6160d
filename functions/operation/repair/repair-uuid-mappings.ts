/** `migration-analyzer repair-uuid-mappings`. */
import type { RowProgress } from '../../../shared/contracts/operation.ts';
import {
  faultyOf,
  inspectMappingRange,
  inspectShared,
  NO_MAPPING_FINDINGS,
  type MappingFindings,
} from '../../../shared/database/engine/inspect-mappings.ts';
import { rangeBounds } from '../../../shared/database/engine/key-ranges.ts';
import { foreseeRemaps, mendMappings, type MappingRepair } from '../../../shared/database/engine/repair-mappings.ts';
import type { EntityMap } from '../../../shared/domain/entity-map.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { RepairMappingsAnswer } from '../../../shared/operations/migration-analyzer/repair-uuid-mappings.ts';
import { compiledOf, knownOf, soundMap, speakOf } from '../../mapped-entities.ts';
import { mappingStateOf } from '../../mapping-state.ts';
import { finishRepair, foreseenSummary, isRepaired, workRepair, type Repair } from '../../repair-run.ts';
import type { RowOutcome } from '../../row-command.ts';
import { isDone, workRows, type RowWork } from '../../row-work.ts';
import type { Invocation } from '../../step.ts';

export interface RepairMappingsRequest {
  readonly command: string;
  readonly entity: 'all' | readonly string[];
  readonly dryRun: boolean;
  readonly batchId?: string | undefined;
}

const withRepair = (found: MappingFindings, done: MappingRepair): MappingFindings => ({
  ...found,
  made: found.made + done.made,
  remapped: found.remapped + done.remapped,
  kept: found.kept + done.kept,
  vacant: found.vacant + done.vacant,
});

const repairOf = (entities: readonly string[]): Repair<MappingFindings> => ({
  entities,
  async begin(sides, loaded, name) {
    const entity = compiledOf(loaded, name);
    await speakOf(sides, entity);
    return { bounds: await rangeBounds(sides.source, entity), found: NO_MAPPING_FINDINGS };
  },
  async range(worker, loaded, range, before) {
    const { findings, keys } = await inspectMappingRange(worker, worker.entity, loaded.map.name, range, before);
    const done = await mendMappings(worker, keys);
    const found = withRepair(findings, done);
    return {
      found,
      rows: findings.rows - before.rows,
      touched: done.made + done.remapped + done.kept,
      stopped: done.stopped,
    };
  },
  end: (worker, _loaded, found) => inspectShared(worker.target, worker.entity, found),
});

export async function repairUuidMappings(
  request: RepairMappingsRequest,
  progress: RowProgress,
  deps: Invocation,
  execution: string,
): Promise<RowOutcome> {
  const map = await deps.configuredMap();
  const chosen = selectEntities(request.entity, Object.keys(map.entities));
  return deps.withSides(`${progress.operationId ?? 'repair'}:plan`, [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const { known, notes } = knownOf(loaded, chosen);
    if (request.dryRun || known.length === 0) {
      const work = foreseenWork(sides, loaded, map, known);
      const after = await workRows(work, progress, deps.timeIsUp);
      if (!isDone(work, after)) return { unfinished: after };
      const found = after.found as Record<string, MappingFindings>;
      const left = Object.values(found).reduce((sum, one) => sum + faultyOf(one), 0);
      const answer: RepairMappingsAnswer = {
        operationId: '',
        batchId: null,
        dryRun: true,
        status: left > 0 ? 'completed_with_findings' : 'completed',
        entities: Object.fromEntries(
          Object.entries(found).map(([name, { rows, made, remapped, kept }]) => [
            name,
            foreseenSummary(rows, {
              adopted: made,
              updated: remapped,
              kept,
              unchanged: Math.max(0, rows - made - remapped - kept),
            }),
          ]),
        ),
        mappings: mappingsOf(found),
        left,
        notes: [...notes],
      };
      return { answer };
    }
    const repair = repairOf(known);
    const after = await workRepair(repair, sides, map, execution, request, progress, deps);
    if (!isRepaired(repair, progress)) return { unfinished: after };
    const found = after.found as Record<string, MappingFindings>;
    const left = Object.values(found).reduce(
      (sum, one) => sum + Math.max(one.kept + one.vacant, one.sharedRows) + notDerivedLeft(one),
      0,
    );
    const ended = await finishRepair(sides, after, left, execution);
    return { answer: { ...ended, dryRun: false, mappings: mappingsOf(found), left, notes: [...notes] } };
  });
}

/** One that names another row now was not derived before, and may be now: it is looked at the next time. */
const notDerivedLeft = (one: MappingFindings): number => Math.max(0, one.not_derived - one.remapped);

const foreseenWork = (
  sides: Parameters<Repair<MappingFindings>['begin']>[0],
  loaded: Parameters<Repair<MappingFindings>['begin']>[1],
  map: EntityMap,
  known: readonly string[],
): RowWork<MappingFindings> => ({
  entities: known,
  begin: (name) => repairOf(known).begin(sides, loaded, name),
  async range(name, range, before) {
    const entity = compiledOf(loaded, name);
    await speakOf(sides, entity);
    const { findings, keys } = await inspectMappingRange(sides, entity, map.name, range, before);
    return withRepair(findings, await foreseeRemaps(sides, entity, map.name, keys));
  },
  end: (name, found) => inspectShared(sides.target, compiledOf(loaded, name), found),
});

const mappingsOf = (found: Readonly<Record<string, MappingFindings>>): RepairMappingsAnswer['mappings'] =>
  Object.entries(found).map(([name, one]) => ({
    ...mappingStateOf(name, one),
    made: one.made,
    remapped: one.remapped,
    kept: one.kept,
  }));
