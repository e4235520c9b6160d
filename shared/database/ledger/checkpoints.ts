/**
 * Checkpoints: the progress of one entity in one operation, and who may write it (SEMANTICS 18 to 21). The partial unique
 * index lets one checkpoint of an entity be in progress; the fence shuts out whoever believes to own it still.
 */
import { PortageError } from '../../domain/errors.ts';
import type { Slice } from '../../domain/slice.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';
import type { Operation } from './operations.ts';

export type CheckpointStatus =
  | 'pending'
  | 'in_progress'
  | 'stopped'
  | 'failed'
  | 'completed'
  | 'completed_unverified'
  | 'superseded'
  | 'rolled_back';

/** The mode of a checkpoint whose run looks only at what the source changed since its last one. */
export const CHANGES_ONLY = 'changes-only';

export interface Checkpoint {
  readonly id: string;
  readonly operationId: string;
  readonly entity: string;
  readonly status: CheckpointStatus;
  readonly fence: number;
  readonly owner: string;
  readonly mode: string;
  readonly mapHash: string;
  readonly catalogHash: string;
  readonly fresh: boolean;
  readonly untouched: boolean;
  readonly scattered: boolean;
  readonly slices: readonly Slice[] | null;
  /** Seconds since the last sign of life; null when none was ever given. */
  readonly heartbeatAge: number | null;
  readonly createdAt: string;
  /** The validation that found rows wrong which it claims; null: none did. */
  readonly refutedBy: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

const SELECT = `SELECT c.id, c.operation_id, c.entity_type, c.status, c.fence, c.owner, c.mode, c.map_hash, c.catalog_hash, c.fresh, c.untouched, c.scattered, c.slices, c.created_at, c.refuted_by, c.error_code, c.error_message,
    extract(epoch FROM clock_timestamp() - greatest(c.updated_at, (SELECT max(w.heartbeat_at) FROM portage.workers w JOIN portage.migration_checkpoints o ON o.id = w.checkpoint_id WHERE o.operation_id = c.operation_id))) AS heartbeat_age
  FROM portage.migration_checkpoints c`;

const checkpointOf = (row: Record<string, string | null>): Checkpoint => ({
  id: row['id'] ?? '',
  operationId: row['operation_id'] ?? '',
  entity: row['entity_type'] ?? '',
  status: row['status'] as CheckpointStatus,
  fence: Number(row['fence']),
  owner: row['owner'] ?? '',
  mode: row['mode'] ?? '',
  mapHash: row['map_hash'] ?? '',
  catalogHash: row['catalog_hash'] ?? '',
  fresh: row['fresh'] === 't',
  untouched: row['untouched'] === 't',
  scattered: row['scattered'] === 't',
  slices: row['slices'] ? (JSON.parse(row['slices']) as Slice[]) : null,
  heartbeatAge:
    row['heartbeat_age'] === null || row['heartbeat_age'] === undefined ? null : Number(row['heartbeat_age']),
  createdAt: row['created_at'] ?? '',
  refutedBy: row['refuted_by'] ?? null,
  errorCode: row['error_code'] ?? null,
  errorMessage: row['error_message'] ?? null,
});

export const checkpointById = async (target: Session, id: string): Promise<Checkpoint> =>
  checkpointOf(await target.one(`${SELECT} WHERE c.id = $1`, [id]));

export const checkpointsOf = async (target: Session, operationId: string): Promise<Checkpoint[]> =>
  (await target.rows(`${SELECT} WHERE c.operation_id = $1 ORDER BY c.created_at`, [operationId])).map(checkpointOf);

/** The newest checkpoint of an entity, whatever its state. */
export async function latestCheckpoint(target: Session, entityId: number): Promise<Checkpoint | null> {
  const row = await target.maybeOne(
    `${SELECT} WHERE c.entity_id = $1 AND c.operation_type = 'differential_migration' ORDER BY c.created_at DESC, (c.status = 'in_progress') DESC LIMIT 1`,
    [entityId],
  );
  return row && checkpointOf(row);
}

export async function activeCheckpoint(target: Session, entityId: number): Promise<Checkpoint | null> {
  const row = await target.maybeOne(`${SELECT} WHERE c.entity_id = $1 AND c.status = 'in_progress'`, [entityId]);
  return row && checkpointOf(row);
}

export const isAlive = (checkpoint: Checkpoint, leaseSeconds: number): boolean =>
  checkpoint.status === 'in_progress' && (checkpoint.heartbeatAge ?? Infinity) < leaseSeconds;

/** When the last sign of life was, and how long the lease still lasts. */
export const signOfLife = (age: number, leaseSeconds: number): string =>
  `last heartbeat ${Math.round(age)} s ago, its lease ends in ${Math.max(0, Math.ceil(leaseSeconds - age))} s`;

/** M001 in the guide's words, with owner, age, rest of the lease and next step. */
export const activeCheckpointError = (checkpoint: Checkpoint, leaseSeconds: number): PortageError =>
  new PortageError('M001', `Active checkpoint already exists for entity ${checkpoint.entity}`, {
    got: `${checkpoint.operationId} by ${checkpoint.owner}, ${signOfLife(checkpoint.heartbeatAge ?? 0, leaseSeconds)}`,
    expected: 'no other owner',
    where: checkpoint.entity,
    next: `Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful. When its owner is dead, portage differential-migration resume --entity ${checkpoint.entity} takes over after the lease.`,
  });

export interface Claim {
  readonly operation: Operation;
  readonly entity: string;
  readonly entityId: number;
  readonly owner: string;
  readonly catalogHash: string;
  readonly leaseSeconds: number;
}

/**
 * Takes an entity for an operation: its own interrupted checkpoint is continued, one of another operation whose owner is
 * dead is superseded, a live one is refused. The number of the fence rises each time.
 * @throws PortageError M001 while somebody alive owns the entity.
 */
export async function claimEntity(target: Session, claim: Claim): Promise<Checkpoint> {
  await endDeadBackends(target, claim);
  return transaction(target, async () => {
    // Waits for batches that hold the fence; nobody else can claim meanwhile.
    const { fence } = await target.one<{ fence: string }>(
      'SELECT fence FROM portage.fences WHERE entity_id = $1 FOR UPDATE',
      [claim.entityId],
    );
    const next = Number(fence) + 1;
    await refuseEnded(target, claim);
    const active = await activeCheckpoint(target, claim.entityId);
    const own = active?.operationId === claim.operation.operationId ? active : await ownCheckpoint(target, claim);
    if (own?.status === 'superseded' || own?.status === 'rolled_back') throw wasReset(own);
    if (active && active !== own) {
      if (isAlive(active, claim.leaseSeconds)) throw activeCheckpointError(active, claim.leaseSeconds);
      // Another kind of operation takes nothing over: a migration that was killed can be resumed after it.
      await target.run(
        "UPDATE portage.migration_checkpoints SET status = CASE WHEN operation_type = $2 THEN 'superseded' ELSE 'stopped' END, updated_at = now() WHERE id = $1",
        [active.id, claim.operation.operationType],
      );
    }
    await target.run('UPDATE portage.fences SET fence = $2 WHERE entity_id = $1', [claim.entityId, next]);
    if (own) {
      await target.run(
        "UPDATE portage.migration_checkpoints SET status = 'in_progress', started_at = coalesce(started_at, clock_timestamp()), fence = $2, owner = $3, error_code = NULL, error_message = NULL, completed_at = NULL, untouched = false, updated_at = now() WHERE id = $1",
        [own.id, next, claim.owner],
      );
      return checkpointById(target, own.id);
    }
    const { id } = await target.one<{ id: string }>(
      `INSERT INTO portage.migration_checkpoints (operation_id, entity_id, entity_type, operation_type, status, mode, map_name, map_hash, catalog_hash, fence, owner, started_at)
       VALUES ($1, $2, $3, $4, 'in_progress', $5, $6, $7, $8, $9, $10, clock_timestamp()) RETURNING id`,
      [
        claim.operation.operationId,
        claim.entityId,
        claim.entity,
        claim.operation.operationType,
        claim.operation.mode,
        claim.operation.mapName,
        claim.operation.mapHash,
        claim.catalogHash,
        next,
        claim.owner,
      ],
    );
    return checkpointById(target, id);
  });
}

const ownCheckpoint = async (target: Session, claim: Claim): Promise<Checkpoint | null> => {
  const row = await target.maybeOne(`${SELECT} WHERE c.operation_id = $1 AND c.entity_id = $2`, [
    claim.operation.operationId,
    claim.entityId,
  ]);
  return row && checkpointOf(row);
};

/**
 * Under the fence: an execution that wakes after its operation was stopped, or taken up by another, claims nothing.
 * @throws PortageError M011
 */
async function refuseEnded(target: Session, { operation, entity }: Claim): Promise<void> {
  const now = await target.one<{ status: string; execution: string }>(
    'SELECT status, execution FROM portage.operations WHERE operation_no = $1',
    [operation.operationNo],
  );
  if (now.status === 'running' && now.execution === operation.execution) return;
  throw new PortageError('M011', `the operation of ${entity} has been stopped, or taken up by another execution`, {
    got: `${operation.operationId} is ${now.status}, execution ${now.execution}`,
    expected: `running, execution ${operation.execution}`,
    where: entity,
  });
}

const wasReset = (checkpoint: Checkpoint): PortageError =>
  new PortageError('M011', `the checkpoint of ${checkpoint.entity} was reset`, {
    got: checkpoint.status,
    where: checkpoint.entity,
    next: `Start a new run: portage differential-migration migrate --entities ${checkpoint.entity}`,
  });

/** Ends backends that a dead owner left behind (a killed client's backend lives on), known by pid and start. */
async function endDeadBackends(target: Session, claim: Claim): Promise<void> {
  await target.rows(
    `SELECT pg_terminate_backend(a.pid) FROM portage.workers w JOIN portage.migration_checkpoints c ON c.id = w.checkpoint_id
       JOIN pg_stat_activity a ON a.pid = w.pid AND a.backend_start = w.backend_start
     WHERE c.entity_id = $1 AND c.status = 'in_progress' AND w.heartbeat_at < clock_timestamp() - make_interval(secs => $2) AND a.pid <> pg_backend_pid()`,
    [claim.entityId, claim.leaseSeconds],
  );
}

export interface SavedPlan {
  readonly slices: readonly Slice[];
  /** Of the source. */
  readonly rows: number;
  /** No row of the target is without a mapping; false: nobody looked. */
  readonly fresh?: boolean;
  /** The target's rows equal their bases; false: nobody looked. */
  readonly untouched?: boolean;
  /** Changes of the source lie everywhere, as far as the first rows told. */
  readonly scattered?: boolean;
}

export const savePlan = (target: Session, id: string, plan: SavedPlan): Promise<number> =>
  target.run(
    'UPDATE portage.migration_checkpoints SET slices = $2, rows_total = $3, fresh = $4, untouched = $5, scattered = $6, updated_at = now() WHERE id = $1',
    [id, JSON.stringify(plan.slices), plan.rows, plan.fresh === true, plan.untouched === true, plan.scattered === true],
  );

/** The run looks at changes alone: it cannot tell what is gone. */
export const markChangesOnly = (target: Session, id: string): Promise<number> =>
  target.run('UPDATE portage.migration_checkpoints SET mode = $2 WHERE id = $1', [id, CHANGES_ONLY]);

/** A slice failed: its siblings go on, and the end of the entity finds this. @returns 0 when the entity has another owner now */
export const recordFailure = (
  target: Session,
  { checkpointId, fence }: { readonly checkpointId: string; readonly fence: number },
  error: { code: string; message: string },
): Promise<number> =>
  target.run(
    "UPDATE portage.migration_checkpoints SET error_code = $3, error_message = $4 WHERE id = $1 AND fence = $2 AND status = 'in_progress'",
    [checkpointId, fence, error.code, error.message],
  );

export const endCheckpoint = (
  target: Session,
  id: string,
  fence: number,
  status: CheckpointStatus,
  error: { code: string; message: string } | null,
): Promise<number> =>
  target.run(
    `UPDATE portage.migration_checkpoints SET status = $3, error_code = $4, error_message = $5, updated_at = now(),
       completed_at = CASE WHEN $3 = 'completed' THEN now() ELSE completed_at END
     WHERE id = $1 AND fence = $2 AND status = 'in_progress'`,
    [id, fence, status, error?.code ?? null, error?.message ?? null],
  );

/**
 * A sign of life of the session that works on a slice; by it a takeover finds the backend. It does not wait for the disk: a crash of
 * the server that takes it away has ended the backend, too. Not for use in a transaction, which would not wait either.
 */
export const beat = (target: Session, checkpointId: string, slice: number, host: string): Promise<number> =>
  target.run(
    `INSERT INTO portage.workers (checkpoint_id, slice, pid, backend_start, host, heartbeat_at)
     SELECT $1, $2, pid, backend_start, $3, clock_timestamp() FROM pg_stat_activity WHERE pid = pg_backend_pid() AND set_config('synchronous_commit', 'off', true) = 'off'
     ON CONFLICT (checkpoint_id, slice) DO UPDATE SET pid = excluded.pid, backend_start = excluded.backend_start, host = excluded.host, heartbeat_at = excluded.heartbeat_at`,
    [checkpointId, slice, host],
  );
