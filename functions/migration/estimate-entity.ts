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
import { relationName } from '../../shared/domain/entity-map.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { estimateEntity as estimate } from '../../shared/database/engine/estimate.ts';
import { canonicalKeys } from '../../shared/database/engine/legacy-keys.ts';
import { loadMap } from '../../shared/database/engine/load-entities.ts';
import { countMapped } from '../../shared/database/sql/vanished.ts';
import type { Session } from '../../shared/database/session.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import { deleteAllowance, isMassDeletion, massDeletionText } from '../../shared/domain/mass-deletion.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { ledgerVersion } from '../../shared/database/ledger/apply.ts';
import { withComparableBases } from '../../shared/database/ledger/bases.ts';
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
      const loaded = await loadMap(
        sides.source,
        sides.target,
        map,
        (await ledgerVersion(sides.target)) === 0 ? 'none' : 'read',
      );
      const entity = loaded.entities.get(input.entity);
      if (!entity) throw new PortageError('SYS002', 'the map has no such entity', { got: input.entity });
      const chosen = selectEntities(request.entities, Object.keys(map.entities));
      const { forceRecords } = request;
      const keys =
        forceRecords === undefined ? undefined : await canonicalKeys(sides.source, loaded, input.entity, forceRecords);
      const result = await estimate(
        {
          ...sides,
          entity: await withComparableBases(sides, entity),
          map: map.name,
          mode: keys === undefined ? request.mode : 'full',
          keys,
          entities: loaded.entities,
          takesPart: (name) => chosen.includes(name),
          batchRows: request.batchSize ?? ROWS,
          timeIsUp: deps.timeIsUp,
        },
        input.cursor,
      );
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
        notes: stop === null ? [] : [stop],
        done: result.done,
      };
    },
  );
}

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
