/** What of an interrupted migration is left to do (SEMANTICS 21). */
import { PortageError } from '../../domain/errors.ts';
import type { Slice } from '../../domain/slice.ts';
import { isSameDatabase } from '../catalog/identity.ts';
import type { LoadedMap } from '../engine/load-entities.ts';
import type { Session } from '../session.ts';
import type { Checkpoint } from './checkpoints.ts';
import { checkpointsOf, latestCheckpoint } from './checkpoints.ts';
import type { Operation } from './operations.ts';
import { readOperation } from './operations.ts';

export interface Interrupted {
  readonly operation: Operation;
  /** Entities that this operation has completed. */
  readonly completed: readonly string[];
}

const isComplete = (checkpoint: Checkpoint): boolean =>
  checkpoint.status === 'completed' || checkpoint.status === 'completed_unverified';

/** An operation on listed rows that ended or gave way: migrations before it can be continued all the same. */
const ENDED_LIST = `o.request ?| ARRAY['forceRecords', 'retry'] AND NOT EXISTS
  (SELECT FROM portage.migration_checkpoints c WHERE c.operation_id = o.operation_id AND c.status IN ('pending', 'in_progress', 'stopped', 'failed'))`;

/**
 * The newest migration of the map, when it was begun and not finished, and nobody alive works on it.
 * @throws PortageError M001 when somebody alive does, and one of `names` is his.
 */
export async function interruptedOperation(
  target: Session,
  mapName: string,
  names: readonly string[],
  leaseSeconds: number,
): Promise<Interrupted | null> {
  const row = await target.maybeOne<{ operation_id: string; status: string; age: string }>(
    `SELECT o.operation_id, o.status, extract(epoch FROM clock_timestamp() - greatest(o.started_at,
       (SELECT max(w.heartbeat_at) FROM portage.workers w JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id WHERE c.operation_id = o.operation_id))) AS age
     FROM portage.operations o WHERE o.map_name = $1 AND o.operation_type = 'differential_migration' AND NOT (${ENDED_LIST}) ORDER BY o.operation_no DESC LIMIT 1`,
    [mapName],
  );
  if (!row || !['running', 'stopped', 'failed'].includes(row.status)) return null;
  const operation = await readOperation(target, row.operation_id);
  if (row.status === 'running' && Number(row.age) < leaseSeconds) {
    const theirs = operation.request['entities'];
    if (Array.isArray(theirs) && !theirs.some((name) => names.includes(String(name)))) return null;
    throw new PortageError('M001', 'a migration of this map is running', {
      got: `${row.operation_id}, last sign of life ${Math.round(Number(row.age))} s ago`,
      expected: 'no other migration',
      where: mapName,
    });
  }
  const completed = (await checkpointsOf(target, row.operation_id))
    .filter(isComplete)
    .map((checkpoint) => checkpoint.entity);
  return { operation, completed };
}

export interface ResumeRequestFacts {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly mapHash: string;
  /** What the source's server calls itself now. */
  readonly sourceDatabase: string;
  readonly leaseSeconds: number;
}

export interface ResumePlan {
  readonly operation: Operation;
  readonly entities: readonly string[];
}

const changed = (what: string, entity: string): PortageError =>
  new PortageError('M005', `the interrupted migration of ${entity} cannot be continued: ${what}`, {
    where: entity,
    expected: 'an undamaged checkpoint, and the map, the schemas and the databases of the interrupted run',
    next: `Start a new run, which compares every row: portage differential-migration migrate --entities ${entity}`,
  });

/** A plan covers the line without a gap, or there is none yet; anything else nobody wrote who knew what he did. */
function isDamaged(slices: unknown): boolean {
  if (slices === null || (Array.isArray(slices) && slices.length === 0)) return false;
  if (!Array.isArray(slices)) return true;
  const plan = slices as readonly (Partial<Slice> | null)[];
  const isEnd = (bound: unknown, i: number): boolean =>
    i < 0 || i >= plan.length - 1 ? bound === null : typeof bound === 'string';
  return plan.some(
    (slice, i) => slice?.slice !== i || slice.from !== (i === 0 ? null : plan[i - 1]?.to) || !isEnd(slice.to, i),
  );
}

/** What keeps an interrupted operation from being continued for these entities; null: nothing. */
export async function obstacle(
  target: Session,
  loaded: LoadedMap,
  operation: Operation,
  entities: readonly string[],
  now: { readonly mapHash: string; readonly sourceDatabase: string },
): Promise<{ readonly what: string; readonly entity: string } | null> {
  if (operation.mapHash !== now.mapHash) return { what: 'the map is another one', entity: entities.join(',') };
  if (!isSameDatabase(operation.sourceDatabase, now.sourceDatabase))
    return { what: 'the source is another database', entity: entities.join(',') };
  for (const checkpoint of await checkpointsOf(target, operation.operationId)) {
    const { entity, catalogHash, slices } = checkpoint;
    if (!entities.includes(entity)) continue;
    if (catalogHash !== loaded.catalogHash(entity)) return { what: 'a schema changed', entity };
    if (isDamaged(slices)) return { what: 'its checkpoint is damaged', entity };
  }
  return null;
}

/**
 * What `resume` continues; null when there is nothing to resume.
 * @throws PortageError M005 for a named entity without any checkpoint, for a damaged one, or when map, schema or databases are others.
 */
export async function planResume(
  target: Session,
  loaded: LoadedMap,
  request: ResumeRequestFacts,
): Promise<ResumePlan | null> {
  const interrupted = await interruptedOperation(target, loaded.map.name, request.names, request.leaseSeconds);
  if (!request.all) await refuseUnknown(target, loaded, request.names);
  if (interrupted === null) return null;
  const { operation, completed } = interrupted;
  const chosen = operation.request['entities'];
  const ofOperation = Array.isArray(chosen) ? (chosen as string[]) : [...loaded.entities.keys()];
  const entities = request.names.filter((name) => ofOperation.includes(name) && !completed.includes(name));
  if (entities.length === 0) {
    // Killed after its last entity and before its own end: that end is all that is left to do.
    return ofOperation.every((name) => completed.includes(name)) ? { operation, entities } : null;
  }
  const found = await obstacle(target, loaded, operation, entities, request);
  if (found) throw changed(found.what, found.entity);
  return { operation, entities };
}

async function refuseUnknown(target: Session, loaded: LoadedMap, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const id = loaded.entities.get(name)?.entityId;
    if (id === null || id === undefined || (await latestCheckpoint(target, id)) === null) {
      throw new PortageError('M005', `there is no checkpoint of ${name}`, {
        where: name,
        got: 'no checkpoint',
        expected: 'an interrupted migration',
      });
    }
  }
}
