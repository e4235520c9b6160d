/**
 * What a run says in the logs, in the words that the guide's greps look for: `sync_operation` with the result `success` where
 * all went well, `conflict_resolution`, `migration failed`. A line names its operation and entity, a batch its range too.
 */
import type { BatchReport } from '../shared/database/engine/worker.ts';
import { settledByEntity } from '../shared/database/ledger/decisions.ts';
import type { Operation, OperationType } from '../shared/database/ledger/operations.ts';
import type { EntitySummary } from '../shared/database/ledger/progress.ts';
import type { Session } from '../shared/database/session.ts';
import { logger } from '../shared/log/current.ts';
import type { LogKind } from '../shared/log/logger.ts';

interface Words {
  readonly kind: LogKind;
  readonly batch: string;
  readonly end: string;
}
const MIGRATION: Words = { kind: 'migration', batch: 'migration batch', end: 'migration' };
const WORDS: Partial<Record<OperationType, Words>> = {
  synchronization: { kind: 'sync', batch: 'sync_operation batch', end: 'sync_operation' },
  resolution: { kind: 'sync', batch: 'conflict_resolution batch', end: 'conflict_resolution' },
};
const wordsOf = (type: OperationType): Words => WORDS[type] ?? MIGRATION;

/** A line for a step that ends with an error; `migration failed` in any log that is not the synchronization's. */
export const failedEvent = (kind: LogKind): string => (kind === 'sync' ? 'sync_operation failed' : `${kind} failed`);

/** A line a batch. */
export const logBatch =
  ({ operationId, operationType }: Pick<Operation, 'operationId' | 'operationType'>) =>
  (batch: BatchReport): void => {
    const { kind, batch: event } = wordsOf(operationType);
    logger(kind).info(event, {
      operation: operationId,
      entity: batch.entity,
      slice: batch.slice,
      range: `(${batch.range.from ?? ''}, ${batch.range.to ?? ''}]`,
      result: 'success',
      read: batch.counts.read,
      written: batch.counts.inserted + batch.counts.updated + batch.counts.deleted,
      setAside: batch.counts.setAside,
      ms: batch.readMs + batch.writeMs,
      bytes: batch.bytes,
      memoryMb: Math.round(batch.memoryBytes / 2 ** 20),
    });
  };

interface Ended {
  readonly status: string;
  readonly entities: Readonly<Record<string, EntitySummary>>;
  /** The job, where one ran. */
  readonly job?: string | null;
}

/** A line for the end of a run, one for each rule that settled conflicts of an entity, and one in the performance log for each entity. */
export async function logEnd(target: Session, operation: Operation, { status, entities, job }: Ended): Promise<void> {
  const { operationId, operationNo, operationType } = operation;
  const { kind, end } = wordsOf(operationType);
  const counts = Object.values(entities);
  const sum = (name: 'read' | 'inserted' | 'updated' | 'deleted' | 'conflicts' | 'setAside'): number =>
    counts.reduce((total, entity) => total + entity[name], 0);
  const level = status === 'completed' ? 'info' : 'warn';
  logger(kind)[level](`${end} ${status.replaceAll('_', ' ')}`, {
    operation: operationId,
    ...(job === undefined || job === null ? {} : { job }),
    entity: Object.keys(entities).join(','),
    result: status === 'completed' ? 'success' : status,
    read: sum('read'),
    written: sum('inserted') + sum('updated') + sum('deleted'),
    conflicts: sum('conflicts'),
    setAside: sum('setAside'),
  });
  if (kind === 'sync')
    for (const { entity, rule, rows } of await settledByEntity(target, operationNo))
      logger('sync').info('conflict_resolution', {
        operation: operationId,
        entity,
        strategy: rule,
        result: 'success',
        rows,
      });
  for (const [entity, { read, durationMs }] of Object.entries(entities)) {
    const rowsPerSecond = durationMs > 0 ? Math.round((read * 1000) / durationMs) : null;
    logger('performance').info('entity', { operation: operationId, entity, read, ms: durationMs, rowsPerSecond });
  }
}
