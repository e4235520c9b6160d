/** Records that the conflicts of an entity could not be settled: the others go on, and the gate judges. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failBatchInput, type FailBatchInput } from '../../shared/contracts/resolution.ts';
import { failEntities } from '../entity-failure.ts';
import { step, type Invocation } from '../step.ts';

export const failBatch = ({ entity, ...input }: FailBatchInput, deps: Invocation): Promise<{ recorded: true }> =>
  failEntities({ ...input, entities: [entity] }, deps);

export const handler = step('FailBatch', { input: failBatchInput, output: recorded }, failBatch, 'sync');
