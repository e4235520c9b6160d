/** Records that the deletions of a group failed: those of other groups go on, and the resume takes these up again. */
import { failEntityInput, recorded } from '../../shared/contracts/migration.ts';
import { failOpenEntities } from '../entity-failure.ts';
import { step } from '../step.ts';

export const failDeletes = failOpenEntities;

export const handler = step('FailDeletes', { input: failEntityInput, output: recorded }, failDeletes);
