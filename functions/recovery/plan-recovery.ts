/** First state of a recovery: checks the request and leaves the plan to what it asks for. */
import {
  createFullBackupRequest,
  planRecoveryInput,
  planRecoveryOutput,
  recoveryRequest,
  restoreFromBackupRequest,
  type PlanRecoveryOutput,
} from '../../shared/contracts/recovery.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { step, type Invocation } from '../step.ts';
import { planBackup } from './plan/backup.ts';
import { planRestore } from './plan/restore.ts';
import { planRollback } from './plan/rollback.ts';

/** What zod's schemas have in common. */
interface Schema<Request> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Request }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] };
      };
}

function checked<Request>(schema: Schema<Request>, request: unknown): Request {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new PortageError('SYS002', 'the input is not valid', {
    got: faults.join('; '),
    expected: '{"command": "differential-migration rollback", "operationId": "diff_migration_20231201_123456"}',
  });
}

const commandOf = (request: unknown): unknown =>
  typeof request === 'object' && request !== null && 'command' in request ? request.command : undefined;

export async function planRecovery(
  { execution, request }: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  switch (commandOf(request)) {
    case 'migration-analyzer create-full-backup':
      return planBackup(execution, checked(createFullBackupRequest, request), deps);
    case 'migration-analyzer restore-from-backup':
      return planRestore(execution, checked(restoreFromBackupRequest, request), deps);
    default:
      return planRollback(execution, checked(recoveryRequest, request), deps);
  }
}

export const handler = step('PlanRecovery', { input: planRecoveryInput, output: planRecoveryOutput }, planRecovery);
