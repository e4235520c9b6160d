/** Records that a recovery failed or was stopped, and releases what it owned. */
import { failRecoveryInput, failRecoveryOutput } from '../../shared/contracts/recovery.ts';
import { failExecution } from '../operation-failure.ts';
import { step } from '../step.ts';

export const failRecovery = failExecution;

export const handler = step('FailRecovery', { input: failRecoveryInput, output: failRecoveryOutput }, failRecovery);
