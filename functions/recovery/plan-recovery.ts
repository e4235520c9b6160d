/** First state of a recovery: checks the request and leaves the plan to what it asks for. */
import {
  planRecoveryInput,
  planRecoveryOutput,
  recoveryRequest,
  type PlanRecoveryOutput,
  type RecoveryRequest,
} from '../../shared/contracts/recovery.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { step, type Invocation } from '../step.ts';
import { planRollback } from './plan/rollback.ts';

function parseRequest(request: unknown): RecoveryRequest {
  const parsed = recoveryRequest.safeParse(request);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new PortageError('SYS002', 'the input is not valid', {
    got: faults.join('; '),
    expected: '{"command": "differential-migration rollback", "operationId": "diff_migration_20231201_123456"}',
  });
}

export async function planRecovery(
  input: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanRecoveryOutput> {
  return planRollback(input.execution, parseRequest(input.request), deps);
}

export const handler = step('PlanRecovery', { input: planRecoveryInput, output: planRecoveryOutput }, planRecovery);
