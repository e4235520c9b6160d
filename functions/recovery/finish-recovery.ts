/** The gate: what the slices recorded becomes one answer, or the error that the execution ends with. */
import {
  finishRecoveryInput,
  finishRecoveryOutput,
  type FinishRecoveryInput,
  type FinishRecoveryOutput,
} from '../../shared/contracts/recovery.ts';
import { messageOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';
import { failureAs } from './finish/noted-failure.ts';
import { finishBackup } from './finish/backup.ts';
import { finishRestore } from './finish/restore.ts';
import { finishRollback } from './finish/rollback.ts';

const nothing = ({ plan }: FinishRecoveryInput): FinishRecoveryOutput => ({
  operationId: '',
  batchId: null,
  dryRun: plan.dryRun,
  status: plan.refused === undefined ? 'completed' : 'completed_with_findings',
  entities: {},
  operations: [],
  kept: plan.refused?.kept ?? [],
  keptRows: plan.refused?.keptRows ?? 0,
  notes: plan.notices,
});

/** A dry run: what the items would do, put together. */
function foreseen({ operationId, plan, estimates = [] }: FinishRecoveryInput): FinishRecoveryOutput {
  const entities: FinishRecoveryOutput['entities'] = {};
  const kept: FinishRecoveryOutput['kept'] = [];
  const notes = [...plan.notices];
  let keptRows = 0;
  for (const estimate of estimates) {
    if ('error' in estimate) throw failureAs(estimate.error.Error, messageOf(estimate.error));
    for (const [name, counts] of Object.entries(estimate.entities)) entities[name] = { ...counts, durationMs: 0 };
    kept.push(...estimate.kept);
    keptRows += estimate.keptRows;
    notes.push(...estimate.notes.filter((note) => !notes.includes(note)));
  }
  const status = keptRows > 0 ? 'completed_with_findings' : 'completed';
  const { operations } = plan;
  return { operationId, batchId: null, dryRun: true, status, entities, operations, kept, keptRows, notes };
}

export async function finishRecovery(input: FinishRecoveryInput, deps: Invocation): Promise<FinishRecoveryOutput> {
  if (input.operationId === '') return nothing(input);
  if (input.estimates !== undefined) return foreseen(input);
  switch (input.plan.kind) {
    case 'backup':
      return finishBackup(input, deps);
    case 'restore':
      return finishRestore(input, deps);
    case 'rollback':
      return finishRollback(input, deps);
  }
}

export const handler = step(
  'FinishRecovery',
  { input: finishRecoveryInput, output: finishRecoveryOutput },
  finishRecovery,
);
