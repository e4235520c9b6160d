/** Records that the validation failed, and releases what its repair owned; gives the code and the message that the execution ends with. */
import { failValidationInput, failValidationOutput } from '../../shared/contracts/validation.ts';
import { failExecution } from '../operation-failure.ts';
import { step } from '../step.ts';

export const failValidation = failExecution;

export const handler = step(
  'FailValidation',
  { input: failValidationInput, output: failValidationOutput },
  failValidation,
  'validation',
);
