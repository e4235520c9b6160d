/** Records that a run failed, and releases what it owned; gives the code and the message that the execution ends with. */
import { failSynchronizationInput, failSynchronizationOutput } from '../../shared/contracts/synchronization.ts';
import { failRun } from '../run-failure.ts';
import { step } from '../step.ts';

export const failSynchronization = failRun;

export const handler = step(
  'FailSynchronization',
  { input: failSynchronizationInput, output: failSynchronizationOutput },
  failSynchronization,
  'sync',
);
