/** Records that a resolution failed, and gives back what it owned; gives the code and the message that the execution ends with. */
import { failResolutionInput, failResolutionOutput } from '../../shared/contracts/resolution.ts';
import { failExecution } from '../operation-failure.ts';
import { step } from '../step.ts';

export const failResolution = failExecution;

export const handler = step(
  'FailResolution',
  { input: failResolutionInput, output: failResolutionOutput },
  failResolution,
  'sync',
);
