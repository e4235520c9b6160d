/** Loads entities that refer to each other in a circle of NOT NULL references, from taking them to ending them. */
import { migrateCycleInput, migrateCycleOutput } from '../../shared/contracts/migration.ts';
import { carryCircle } from '../circle.ts';
import { step } from '../step.ts';

export const migrateCycle = carryCircle;

export const handler = step('MigrateCycle', { input: migrateCycleInput, output: migrateCycleOutput }, migrateCycle);
