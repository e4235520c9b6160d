/** The state machines there are. A new one is a row here, and both its deployment and its extracted definition follow. */
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { MIGRATION_COMMENT, migrationDefinition } from './migration.ts';
import { OPERATION_COMMENT, operationDefinition } from './operation.ts';
import { RESOLUTION_COMMENT, resolutionDefinition } from './resolution.ts';
import { RECOVERY_COMMENT, recoveryDefinition } from './recovery.ts';
import {
  MIGRATION_STEPS,
  OPERATION_STEPS,
  RECOVERY_STEPS,
  RESOLUTION_STEPS,
  SYNCHRONIZATION_STEPS,
  VALIDATION_STEPS,
  type FunctionOf,
  type Step,
} from './steps.ts';
import { SYNCHRONIZATION_COMMENT, synchronizationDefinition } from './synchronization.ts';
import { VALIDATION_COMMENT, validationDefinition } from './validation.ts';

export interface Machine {
  /** What its name, its folder in `functions/` and its log group are called. */
  readonly area: string;
  readonly comment: string;
  readonly steps: Readonly<Record<string, Step>>;
  /** Builds the definition; `functionOf` is asked for the steps above and no others. */
  define(scope: Construct, functionOf: FunctionOf<string>): IChainable;
}

export const MACHINES: readonly Machine[] = [
  { area: 'migration', comment: MIGRATION_COMMENT, steps: MIGRATION_STEPS, define: migrationDefinition },
  { area: 'validation', comment: VALIDATION_COMMENT, steps: VALIDATION_STEPS, define: validationDefinition },
  {
    area: 'synchronization',
    comment: SYNCHRONIZATION_COMMENT,
    steps: SYNCHRONIZATION_STEPS,
    define: synchronizationDefinition,
  },
  { area: 'resolution', comment: RESOLUTION_COMMENT, steps: RESOLUTION_STEPS, define: resolutionDefinition },
  { area: 'recovery', comment: RECOVERY_COMMENT, steps: RECOVERY_STEPS, define: recoveryDefinition },
  { area: 'operation', comment: OPERATION_COMMENT, steps: OPERATION_STEPS, define: operationDefinition },
];

/** The machine that a schedule starts. */
export const SYNCHRONIZATION = 'synchronization';
