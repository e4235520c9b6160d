/** Records that the validation failed; gives the code and the message that the execution ends with. */
import {
  failValidationInput,
  type FailValidationInput,
  failValidationOutput,
  type FailValidationOutput,
} from '../../shared/contracts/validation.ts';
import { ledgerVersion } from '../../shared/database/ledger/apply.ts';
import { endOperation, operationOfExecution } from '../../shared/database/ledger/operations.ts';
import { isErrorCode } from '../../shared/domain/errors.ts';
import { messageOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';

export async function failValidation(input: FailValidationInput, deps: Invocation): Promise<FailValidationOutput> {
  const message = messageOf(input.error);
  const code = isErrorCode(input.error.Error) ? input.error.Error : 'SYS008';
  await deps.withTarget('fail', async (target) => {
    if ((await ledgerVersion(target)) === 0) return;
    const operation = await operationOfExecution(target, input.execution);
    if (operation?.status !== 'running') return;
    await endOperation(target, operation.operationId, code === 'M013' ? 'stopped' : 'failed', null, { code, message });
  });
  return { Error: input.error.Error, Cause: input.error.Cause ?? message };
}

export const handler = step(
  'FailValidation',
  { input: failValidationInput, output: failValidationOutput },
  failValidation,
  'validation',
);
