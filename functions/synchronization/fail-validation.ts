/** Records that the rows of an entity could not be compared: what nobody could find out is an error, and no match. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failChangesInput, type FailChangesInput } from '../../shared/contracts/synchronization.ts';
import { failEntities } from '../entity-failure.ts';
import { step, type Invocation } from '../step.ts';

export const failValidation = ({ entity, ...input }: FailChangesInput, deps: Invocation): Promise<{ recorded: true }> =>
  failEntities({ ...input, entities: [entity] }, deps);

export const handler = step('FailValidation', { input: failChangesInput, output: recorded }, failValidation, 'sync');
