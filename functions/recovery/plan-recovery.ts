/** First state of a recovery: checks the request and leaves the plan to what it asks for. */
import {
  createFullBackupRequest,
  planRecoveryInput,
  planRecoveryOutput,
  recoveryRequest,
  restoreFromBackupRequest,
  type PlanRecoveryOutput,
} from '../../shared/contracts/recovery.ts';
import { checkedInput } from '../checked-input.ts';
import { step, type Invocation } from '../step.ts';
import { planBackup } from './plan/backup.ts';
import { planRestore } from './plan/restore.ts';
import { planRollback } from './plan/rollback.ts';

const OF_RECOVERY = {
  example: '{"command": "differential-migration rollback", "operationId": "diff_migration_20231201_123456"}',
};

const commandOf = (request: unknown): unknown =>
  typeof request === 'object' && request !== null && 'command' in request ? request.command : undefined;

export async function planRecovery(
  { execution, request }: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  switch (commandOf(request)) {
    case 'migration-analyzer create-full-backup':
      return planBackup(execution, checkedInput(createFullBackupRequest, request, OF_RECOVERY), deps);
    case 'migration-analyzer restore-from-backup':
      return planRestore(execution, checkedInput(restoreFromBackupRequest, request, OF_RECOVERY), deps);
    default:
      return planRollback(execution, checkedInput(recoveryRequest, request, OF_RECOVERY), deps);
  }
}

export const handler = step(
  'PlanRecovery',
  { input: planRecoveryInput, output: planRecoveryOutput, besideRequest: true },
  planRecovery,
);
