/** What the flags of a run add to its answer: each says what it did, so that nobody has to believe it. */
import type { FinishMigrationOutput } from '../shared/contracts/migration.ts';
import type { Operation } from '../shared/database/ledger/operations.ts';
import { batchFacts, memoryFacts, retriesOf, waitedMs } from '../shared/database/ledger/run-facts.ts';
import type { Session } from '../shared/database/session.ts';

export type RunReport = Pick<FinishMigrationOutput, 'memory' | 'batching' | 'pace' | 'connectionRetries'>;

export async function runReport(target: Session, operation: Operation): Promise<RunReport> {
  const { request, operationId, operationNo } = operation;
  const { maxRate } = request;
  return {
    ...(request['memoryMonitoring'] === true ? { memory: await memoryFacts(target, operationId) } : {}),
    ...(request['optimizeBatching'] === true ? { batching: await batchFacts(target, operationId) } : {}),
    ...(typeof maxRate === 'number' ? { pace: { maxRate, waitedMs: await waitedMs(target, operationNo) } } : {}),
    ...(typeof request['connectionRetries'] === 'number'
      ? { connectionRetries: await retriesOf(target, operationNo) }
      : {}),
  };
}
