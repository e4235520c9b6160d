/** Dry run: the counts that an entity would have, read range by range, written nowhere. */
import {
  estimateEntityInput,
  type EstimateEntityInput,
  migrateRequest,
  type MigrateRequest,
  resetEntityRequest,
  type EstimateEntityOutput,
  estimateEntityOutput,
} from '../../shared/contracts/migration.ts';
import { addCounts } from '../../shared/domain/action-counts.ts';
import { relationName, type EntityMap } from '../../shared/domain/entity-map.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { estimateEntity as estimate, type Estimate } from '../../shared/database/engine/estimate.ts';
import { canonicalKeys } from '../../shared/database/engine/legacy-keys.ts';
import { loadMap, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import type { Rehearsal } from '../../shared/database/engine/rehearsal.ts';
import { countMapped } from '../../shared/database/sql/vanished.ts';
import type { Session } from '../../shared/database/session.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import { deleteAllowance, isMassDeletion, massDeletionText } from '../../shared/domain/mass-deletion.ts';
import { runsInLambda } from '../../shared/config.ts';
import type { Reading } from '../../shared/database/engine/stage-rows.ts';
import { ownPace } from '../../shared/database/ledger/pace.ts';
import { ledgerVersion } from '../../shared/database/ledger/apply.ts';
import { withComparableBases } from '../../shared/database/ledger/bases.ts';
import { estimateLanes } from '../lane-plan.ts';
import type { Sides } from '../dependencies.ts';
import { rehearsed, told } from '../rehearsal.ts';
import { chosenEntities } from '../migration-plan.ts';
import { step, type Invocation } from '../step.ts';

/** As many rows at a time as a batch of the real run. */
const ROWS = 5000;

/** A reset is estimated as the full migration that it begins. */
function requestOf(given: unknown): MigrateRequest {
  const reset = resetEntityRequest.safeParse(given);
  if (!reset.success) return migrateRequest.parse(given);
  return migrateRequest.parse({
    command: 'differential-migration migrate',
    entities: reset.data.entity,
    mode: 'full',
  });
}

export async function estimateEntity(input: EstimateEntityInput, deps: Invocation): Promise<EstimateEntityOutput> {
  const request = requestOf(input.request);
  const map = await deps.configuredMap();
  return deps.withSides(
    `dry-run:${input.entity}`,
    [relationName(map.entities[input.entity]?.source.table ?? '').schema],
    async (sides) => {
      const rehearsing = {
        map,
        entity: input.entity,
        request,
        operationId: input.operationId,
        soFar: input.rehearsal,
      };
      const { result, entity, rehearsal } = request.rehearse
        ? await rehearsed(sides, rehearsing, deps, (loaded, of) => look(sides, loaded, input, request, deps, of))
        : await look(sides, await loadAsItIs(sides, map), input, request, deps);
      const counts = addCounts(input.counts, result.counts);
      const vanished = input.vanished + result.vanished;
      const { deleteThresholdPercent } = deps.settings(map);
      const stop =
        result.done && vanished > 0
          ? await wouldStop(sides.target, entity, vanished, request.allowDeletes, deleteThresholdPercent)
          : null;
      return {
        operationId: input.operationId,
        request: input.request,
        entity: input.entity,
        cursor: result.cursor,
        counts: stop === null ? counts : { ...counts, deleted: 0 },
        vanished,
        rehearsal,
        notes: stop === null ? [] : [stop],
        done: result.done,
      };
    },
  );
}

const loadAsItIs = async (sides: Sides, map: EntityMap): Promise<LoadedMap> =>
  loadMap(sides.source, sides.target, map, (await ledgerVersion(sides.target)) === 0 ? 'none' : 'read');

interface Look {
  readonly result: Estimate;
  readonly entity: CompiledEntity;
  readonly rehearsal: EstimateEntityOutput['rehearsal'];
}

/** Reads on from where the input says. */
async function look(
  sides: Sides,
  loaded: LoadedMap,
  input: EstimateEntityInput,
  request: MigrateRequest,
  deps: Invocation,
  rehearsal?: Rehearsal,
): Promise<Look> {
  const { map } = loaded;
  const entity = loaded.entities.get(input.entity);
  if (!entity) throw new PortageError('SYS002', 'the map has no such entity', { got: input.entity });
  const { names: chosen } = chosenEntities(map, request);
  const { forceRecords } = request;
  const keys =
    forceRecords === undefined ? undefined : await canonicalKeys(sides.source, loaded, input.entity, forceRecords);
  const result = await estimate(
    {
      ...sides,
      entity: rehearsal === undefined ? await withComparableBases(sides, entity) : entity,
      map: map.name,
      mode: keys === undefined ? request.mode : 'full',
      keys,
      entities: loaded.entities,
      takesPart: (name) => chosen.includes(name),
      batchRows: Math.min(request.batchSize ?? ROWS, request.maxRate ?? Infinity),
      reading: readingOf(input.operationId, request, map, deps),
      rehearsal,
      timeIsUp: deps.timeIsUp,
    },
    input.cursor,
  );
  return { result, entity, rehearsal: rehearsal === undefined ? null : told(rehearsal) };
}

/** A dry run writes no ledger, so that its containers cannot share a bucket: there each entity has its part of the pace. */
const readingOf = (
  operationId: string,
  { maxRate, streamingMode }: MigrateRequest,
  map: EntityMap,
  deps: Invocation,
): Reading => {
  const sharers = runsInLambda() ? Math.min(Object.keys(map.entities).length, estimateLanes(map, deps)) : 1;
  return {
    streaming: streamingMode,
    pace: maxRate === undefined ? null : ownPace(operationId, maxRate / sharers),
  };
};

/** What M006 would say. */
async function wouldStop(
  target: Session,
  entity: CompiledEntity,
  deletions: number,
  allowDeletes: string | undefined,
  thresholdPercent: number | undefined,
): Promise<string | null> {
  const mapped = Number((await target.one(countMapped(entity)))['rows']);
  const count = { deletions, mapped };
  return isMassDeletion(count, deleteAllowance(allowDeletes), thresholdPercent)
    ? `M006 ${massDeletionText(entity.name, count, thresholdPercent)}`
    : null;
}

export const handler = step(
  'EstimateEntity',
  { input: estimateEntityInput, output: estimateEntityOutput },
  estimateEntity,
);
