import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';
import { repairExit, repairFields } from '../repair-answer.ts';
import { mappingState } from './validate-uuid-mappings.ts';

export const repairMappingsAnswer = z.strictObject({
  ...repairFields,
  mappings: z.array(
    mappingState.extend({
      /** Mappings for rows that had none. */
      made: z.int(),
      /** Mappings that name another row from now on. */
      remapped: z.int(),
      /** Faults that nothing proves a way out of. */
      kept: z.int(),
    }),
  ),
  left: z.int(),
});
export type RepairMappingsAnswer = z.output<typeof repairMappingsAnswer>;

export const repairUuidMappings = operation({
  program: 'migration-analyzer',
  name: 'repair-uuid-mappings',
  purpose:
    'Mends the mappings of an entity from the rows that bear the identities, and from the derivation; can be rolled back.',
  class: 'repair',
  input: z.strictObject({
    command: z.literal('migration-analyzer repair-uuid-mappings'),
    entity: entitySelection,
    dryRun: z.boolean().default(false),
    batchId: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional(),
  }),
  answer: repairMappingsAnswer,
  finds: 'something stays that nothing proves how to mend; in a dry run: all that was found',
  exit: repairExit,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'dry-run', kind: 'switch', help: 'say which mappings would change; change nothing' },
    {
      name: 'batch-id',
      kind: 'text',
      placeholder: 'LABEL',
      help: 'label that groups operations (default: batch_YYYYMMDD)',
    },
  ],
  examples: [
    'migration-analyzer repair-uuid-mappings --entity doctors --dry-run',
    'migration-analyzer repair-uuid-mappings --entity doctors',
  ],
});
