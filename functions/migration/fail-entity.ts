/** Records that a step of an entity failed: the checkpoint is released, and the gate judges at the end. */
import { failEntityInput, recorded } from '../../shared/contracts/migration.ts';
import { failEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failEntity = failEntities;

export const handler = step('FailEntity', { input: failEntityInput, output: recorded }, failEntity);
