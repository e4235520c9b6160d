/** Records that the deletions of a group failed: those of other groups go on, and the next run takes these up again. */
import { recorded } from '../../shared/contracts/migration.ts';
import { failRunEntityInput } from '../../shared/contracts/synchronization.ts';
import { failOpenEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failDeletes = failOpenEntities;

export const handler = step('FailDeletes', { input: failRunEntityInput, output: recorded }, failDeletes, 'sync');
