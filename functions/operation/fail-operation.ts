/** A command of this machine failed or was stopped: the operation that it had opened is ended, and what it owned is released. */
import { failOperationInput, failOperationOutput } from '../../shared/contracts/operation.ts';
import { failExecution } from '../operation-failure.ts';
import { step } from '../step.ts';

export const failOperation = failExecution;

export const handler = step('FailOperation', { input: failOperationInput, output: failOperationOutput }, failOperation);
