/** Records that a step of an entity failed: its checkpoint is released, the others go on, and the gate judges. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failRunEntityInput } from '../../shared/contracts/synchronization.ts';
import { failEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failEntity = failEntities;

export const handler = step('FailEntity', { input: failRunEntityInput, output: recorded }, failEntity, 'sync');
