/** Records that an item of a recovery failed: those beside it go on, and the gate judges at the end. */
import { failRecoverySliceInput } from '../../shared/contracts/recovery.ts';
import { recorded } from '../../shared/contracts/migration.ts';
import { failEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failRecoverySlice = failEntities;

export const handler = step(
  'FailRecoverySlice',
  { input: failRecoverySliceInput, output: recorded },
  failRecoverySlice,
);
