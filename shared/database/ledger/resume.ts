/** What of an interrupted migration is left to do (SEMANTICS 21). */
import { PortageError } from '../../domain/errors.ts';
import type { Slice } from '../../domain/slice.ts';
import { isSameDatabase } from '../catalog/identity.ts';
import type { LoadedMap } from '../engine/load-entities.ts';
import type { Session } from '../session.ts';
import type { Checkpoint } from './checkpoints.ts';
import { checkpointsOf, latestCheckpoint, signOfLife } from './checkpoints.ts';
import type { Operation } from './operations.ts';
import { readOperation } from './operations.ts';

export interface Interrupted {
  readonly operation: Operation;
  /** Entities that this operation has completed. */
  readonly completed: readonly string[];
  /** Entities whose checkpoint was reset: a new operation may begin, this one goes on without them. */
  readonly reset: readonly string[];
}

const isComplete = (checkpoint: Checkpoint): boolean =>
  checkpoint.status === 'completed' || checkpoint.status === 'completed_unverified';

/** An operation on listed rows that ended or gave way: migrations before it can be continued all the same. */
const endedList = (o: string): string => `${o}.request ?| ARRAY['forceRecords', 'retry'] AND NOT EXISTS
  (SELECT FROM portage.migration_checkpoints l WHERE l.operation_id = ${o}.operation_id AND l.status IN ('pending', 'in_progress', 'stopped', 'failed'))`;

/**
 * Migrations of the map that were begun and not finished, newest first: those that hold the latest checkpoint of one of
 * the entities, unfinished, and the newest of all where nothing but its end is missing.
 */
const INTERRUPTED = `
  WITH latest AS (
    SELECT DISTINCT ON (c.entity_id) c.operation_id, c.status
    FROM portage.migration_checkpoints c JOIN portage.entities e USING (entity_id) JOIN portage.operations o USING (operation_id)
    WHERE e.map_name = $1 AND e.entity = ANY ($2) AND c.operation_type = 'differential_migration' AND NOT (${endedList('o')})
    ORDER BY c.entity_id, o.operation_no DESC, c.created_at DESC
  )
  SELECT o.operation_id, o.status, extract(epoch FROM clock_timestamp() - greatest(o.started_at,
    (SELECT max(w.heartbeat_at) FROM portage.workers w JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id WHERE c.operation_id = o.operation_id))) AS age
  FROM portage.operations o
  WHERE o.map_name = $1 AND o.operation_type = 'differential_migration' AND o.status IN ('running', 'stopped', 'failed')
    AND (o.operation_id IN (SELECT operation_id FROM latest WHERE status IN ('pending', 'in_progress', 'stopped', 'failed'))
      OR o.operation_no = (SELECT max(n.operation_no) FROM portage.operations n WHERE n.map_name = $1 AND n.operation_type = 'differential_migration' AND NOT (${endedList('n')}))
        AND NOT EXISTS (SELECT FROM portage.migration_checkpoints c WHERE c.operation_id = o.operation_id AND c.status IN ('pending', 'in_progress', 'stopped', 'failed', 'superseded')))
  ORDER BY o.operation_no DESC`;

/**
 * The newest interrupted migration of the entities on which nobody alive works.
 * @throws PortageError M001 when somebody alive works on a migration of one of `names`.
 */
export async function interruptedOperation(
  target: Session,
  mapName: string,
  names: readonly string[],
  leaseSeconds: number,
): Promise<Interrupted | null> {
  const [found] = await interruptedOperations(target, mapName, names, leaseSeconds);
  return found ?? null;
}

/** All of them, newest first: side by side there may be several, of different entities. */
async function interruptedOperations(
  target: Session,
  mapName: string,
  names: readonly string[],
  leaseSeconds: number,
): Promise<readonly Interrupted[]> {
  const found: Interrupted[] = [];
  const rows = await target.rows<{ operation_id: string; status: string; age: string }>(INTERRUPTED, [mapName, names]);
  for (const row of rows) {
    const operation = await readOperation(target, row.operation_id);
    if (row.status === 'running' && Number(row.age) < leaseSeconds) {
      const theirs = operation.request['entities'];
      if (Array.isArray(theirs) && !theirs.some((name) => names.includes(String(name)))) continue;
      throw new PortageError('M001', 'a migration of this map is running', {
        got: `${row.operation_id}, ${signOfLife(Number(row.age), leaseSeconds)}`,
        expected: 'no other migration',
        where: mapName,
      });
    }
    const checkpoints = await checkpointsOf(target, row.operation_id);
    const of = (which: (checkpoint: Checkpoint) => boolean): string[] =>
      checkpoints.filter(which).map(({ entity }) => entity);
    found.push({ operation, completed: of(isComplete), reset: of(({ status }) => status === 'superseded') });
  }
  return found;
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
  /** Ids of other interrupted migrations of the entities. */
  readonly others: readonly string[];
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
    const { entity, catalogHash, refutedBy, slices, status } = checkpoint;
    if (!entities.includes(entity)) continue;
    if (status === 'superseded') return { what: 'its checkpoint was reset', entity };
    if (catalogHash !== loaded.catalogHash(entity)) return { what: 'a schema changed', entity };
    if (refutedBy !== null) return { what: `${refutedBy} found rows that it claims to be wrong`, entity };
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
  const [interrupted, ...others] = await interruptedOperations(
    target,
    loaded.map.name,
    request.names,
    request.leaseSeconds,
  );
  if (!request.all) await refuseUnknown(target, loaded, request.names);
  if (interrupted === undefined) return null;
  const { operation, completed, reset } = interrupted;
  const chosen = operation.request['entities'];
  const ofOperation = Array.isArray(chosen) ? (chosen as string[]) : [...loaded.entities.keys()];
  const ended = new Set([...completed, ...reset]);
  const entities = request.names.filter((name) => ofOperation.includes(name) && !ended.has(name));
  if (entities.length === 0) {
    // Killed after its last entity and before its own end: that end is all that is left to do.
    return ofOperation.every((name) => completed.includes(name)) ? { operation, entities, others: [] } : null;
  }
  const found = await obstacle(target, loaded, operation, entities, request);
  if (found) throw changed(found.what, found.entity);
  return { operation, entities, others: others.map((other) => other.operation.operationId) };
}

/** Of the named entities those that the operation still has to carry. */
export async function unfinishedOf(
  target: Session,
  operation: Operation,
  names: readonly string[],
): Promise<readonly string[]> {
  const left = (await checkpointsOf(target, operation.operationId))
    .filter((checkpoint) => !isComplete(checkpoint) && checkpoint.status !== 'superseded')
    .map(({ entity }) => entity);
  return names.filter((name) => left.includes(name));
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
