/** `migration-analyzer complete-checkpoint`: says completed only of an entity whose keys are all accounted for. */
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { finishEntity } from '../../../shared/database/engine/finish.ts';
import { proveKeys } from '../../../shared/database/engine/prove-keys.ts';
import { latestCheckpoint, type Checkpoint } from '../../../shared/database/ledger/checkpoints.ts';
import { readOperation } from '../../../shared/database/ledger/operations.ts';
import { writtenBy } from '../../../shared/database/ledger/progress.ts';
import { completeCheckpoint as complete, refuseLiveOwner } from '../../../shared/database/ledger/settle.ts';
import { relationName, type EntityMap } from '../../../shared/domain/entity-map.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { CompleteCheckpointAnswer } from '../../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import type { Sides } from '../../dependencies.ts';
import { entityOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';
import { knownEntities } from './known-entities.ts';

export interface CompleteCheckpointRequest {
  readonly entity: 'all' | readonly string[];
}

type Answered = CompleteCheckpointAnswer['checkpoints'][number];

export async function completeCheckpoint(
  request: CompleteCheckpointRequest,
  deps: Invocation,
): Promise<CompleteCheckpointAnswer> {
  const map = await deps.configuredMap();
  const names = selectEntities(request.entity, Object.keys(map.entities));
  const schemas = [...new Set(names.map((name) => schemaOf(map, name)))];
  return deps.withSides('complete-checkpoint', schemas, async (sides) => {
    const checkpoints: Answered[] = [];
    const found = new Map<string, Checkpoint>();
    for (const { name, entityId } of await knownEntities(sides.target, map, names)) {
      const latest = entityId === null ? null : await latestCheckpoint(sides.target, entityId);
      if (latest === null) throw noCheckpoint(name);
      await refuseLiveOwner(sides.target, latest, deps.config.leaseSeconds, NEXT);
      found.set(name, latest);
    }
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    for (const [name, checkpoint] of found)
      checkpoints.push(await completeOne(sides, entityOf(loaded, name), checkpoint, deps.config.leaseSeconds));
    return { checkpoints };
  });
}

const NEXT = 'Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful';

const schemaOf = (map: EntityMap, name: string): string => relationName(map.entities[name]?.source.table ?? '').schema;

const noCheckpoint = (entity: string): PortageError =>
  new PortageError('SYS002', `there is no checkpoint of ${entity}`, {
    got: 'no checkpoint',
    expected: 'a migration that was begun',
    where: entity,
    next: `Begin one: portage differential-migration migrate --entities ${entity}`,
  });

/** Statuses that there is nothing to complete in. */
const ENDED: readonly string[] = ['completed', 'superseded', 'rolled_back'];

async function completeOne(
  sides: Sides,
  entity: Parameters<typeof proveKeys>[1],
  checkpoint: Checkpoint,
  leaseSeconds: number,
): Promise<Answered> {
  const { id, operationId, status } = checkpoint;
  const answer = { id, entity: entity.name, operationId, before: status };
  if (ENDED.includes(status)) return { ...answer, after: status, proof: null };
  const proof = await proveKeys(sides, entity);
  if (!proof.proved) return { ...answer, after: status, proof };
  const { operationNo } = await readOperation(sides.target, operationId);
  // Not every row was looked at by this run: differentials stay as they are, as after a run of missing rows alone.
  await finishEntity(sides.target, entity, {
    operationNo,
    sawAll: false,
    written: await writtenBy(sides.target, id),
  });
  await complete(sides.target, checkpoint, { status: 'completed', leaseSeconds });
  return { ...answer, after: 'completed', proof };
}
