/** Records that the changes of an entity could not be looked for: the others go on, and the gate judges. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failRunEntityInput } from '../../shared/contracts/synchronization.ts';
import { failEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failDetection = failEntities;

export const handler = step('FailDetection', { input: failRunEntityInput, output: recorded }, failDetection, 'sync');
