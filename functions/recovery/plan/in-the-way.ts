/** Who is in the way of a rollback: the operation itself while it runs, and whoever owns one of its entities. */
import type { LoadedMap } from '../../../shared/database/engine/load-entities.ts';
import { isOperationAlive } from '../../../shared/database/ledger/alive.ts';
import { activeCheckpoint, activeCheckpointError, isAlive } from '../../../shared/database/ledger/checkpoints.ts';
import type { Undoable } from '../../../shared/database/ledger/undoable.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';

/** @throws PortageError M001 while one of the operations is at work itself */
export async function refuseRunning(
  target: Session,
  operations: readonly Undoable[],
  leaseSeconds: number,
): Promise<void> {
  for (const { operationId, status } of operations) {
    if (status !== 'running' || !(await isOperationAlive(target, operationId, leaseSeconds))) continue;
    throw new PortageError('M001', 'the operation is running', {
      got: operationId,
      expected: 'an operation that has ended, or was interrupted',
      next: 'Wait for it, or stop it: portage migration-analyzer stop-all-operations --graceful',
    });
  }
}

/** @throws PortageError M001 while somebody alive owns one of the entities. */
export async function refuseActive(
  target: Session,
  maps: ReadonlyMap<string, LoadedMap>,
  entities: readonly string[],
  leaseSeconds: number,
): Promise<void> {
  for (const loaded of maps.values())
    for (const name of entities) {
      const entityId = loaded.entities.get(name)?.entityId ?? null;
      const active = entityId === null ? null : await activeCheckpoint(target, entityId);
      if (active && isAlive(active, leaseSeconds)) throw activeCheckpointError(active, leaseSeconds);
    }
}
