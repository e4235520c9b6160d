/** Carries entities that refer to each other in a circle of NOT NULL references: closed sets of rows, in one transaction each. */
import { migrateCycleInput, migrateCycleOutput } from '../../shared/contracts/migration.ts';
import { carryCircle } from '../circle.ts';
import { step } from '../step.ts';

export const applyCircle = carryCircle;

export const handler = step(
  'ApplyCircle',
  { input: migrateCycleInput, output: migrateCycleOutput },
  applyCircle,
  'sync',
);
