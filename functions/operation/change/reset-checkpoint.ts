/** `migration-analyzer reset-checkpoint`. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import {
  hasLiveOwner,
  refuseLiveOwner,
  resetCheckpoints,
  resettable,
  type CheckpointChoice,
} from '../../../shared/database/ledger/settle.ts';
import type { Session } from '../../../shared/database/session.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { suggestion } from '../../../shared/domain/nearest-name.ts';
import type { ResetCheckpointAnswer } from '../../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import type { Invocation } from '../../step.ts';
import { knownEntities } from './known-entities.ts';

export interface ResetCheckpointRequest {
  readonly entity: 'all' | readonly string[];
  readonly operation?: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function resetCheckpoint(
  request: ResetCheckpointRequest,
  deps: Invocation,
): Promise<ResetCheckpointAnswer> {
  const map = await deps.configuredMap();
  const { leaseSeconds } = deps.config;
  return deps.withTarget('reset-checkpoint', async (target) => {
    const checkpoints: ResetCheckpointAnswer['checkpoints'] = [];
    const entities = await knownEntities(target, map, request.entity);
    const chosen = entities.flatMap(({ name, entityId }) =>
      entityId === null ? [] : [{ name, entityId, operation: request.operation ?? null }],
    );
    if (request.operation !== undefined && (await ledgerVersion(target)) > 0)
      await refuseUnknownOperation(target, request.operation);
    // All of them are asked before the first is cleared.
    for (const { name, ...choice } of chosen) await refuseUnlessForced(target, choice, name, request, leaseSeconds);
    for (const { name, ...choice } of chosen) {
      const before = await resettable(target, choice);
      const alive = new Set<string>();
      for (const each of before) if (await hasLiveOwner(target, each, leaseSeconds)) alive.add(each.id);
      const cleared = request.dryRun
        ? before
        : await resetCheckpoints(target, { ...choice, force: request.force, leaseSeconds, next: forceNext(name) });
      checkpoints.push(
        ...cleared.map(({ id, operationId, entity, status, owner }) => ({
          id,
          entity,
          operationId,
          before: status,
          after: 'superseded',
          owner,
          fencedOff: alive.has(id),
        })),
      );
    }
    return { dryRun: request.dryRun, checkpoints };
  });
}

const forceNext = (entity: string): string =>
  `Wait for it, or shut its owner out: portage migration-analyzer reset-checkpoint --entity ${entity} --force`;

async function refuseUnlessForced(
  target: Session,
  choice: CheckpointChoice,
  entity: string,
  { force }: ResetCheckpointRequest,
  leaseSeconds: number,
): Promise<void> {
  if (force) return;
  for (const each of await resettable(target, choice))
    await refuseLiveOwner(target, each, leaseSeconds, forceNext(entity));
}

/** @throws PortageError SYS002 for a value that is neither the type nor the id of any operation */
async function refuseUnknownOperation(target: Session, operation: string): Promise<void> {
  const rows = await target.rows<{ name: string }>(
    'SELECT operation_type AS name FROM portage.operations UNION SELECT operation_id FROM portage.operations',
  );
  const known = [...new Set([...OPERATION_TYPES, ...rows.map(({ name }) => name)])];
  if (known.includes(operation)) return;
  throw new PortageError('SYS002', `there is no operation ${operation}${suggestion(operation, known)}`, {
    got: operation,
    expected: `the id of an operation, or one of ${OPERATION_TYPES.join(', ')}`,
    where: 'operation',
  });
}

/** SEMANTICS 35; those that own entities. */
const OPERATION_TYPES = [
  'differential_migration',
  'synchronization',
  'resolution',
  'repair',
  'rollback',
  'restore',
] as const;
