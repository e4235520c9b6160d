import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';
import { repairExit, repairFields } from '../repair-answer.ts';
import { relationship } from './analyze-relationships.ts';

export const repairRelationshipsAnswer = z.strictObject({
  ...repairFields,
  /** References with something wrong before the repair. */
  relationships: z.array(
    relationship.extend({
      mended: z.int(),
      /** The mapping proves the parent, and the target refuses the write. */
      refused: z.int(),
    }),
  ),
  /** Broken references that are so still. */
  left: z.int(),
});
export type RepairRelationshipsAnswer = z.output<typeof repairRelationshipsAnswer>;

export const repairRelationships = operation({
  program: 'migration-analyzer',
  name: 'repair-relationships',
  purpose: "Sets references of an entity to the source's own parent, where the mapping proves it; can be rolled back.",
  class: 'repair',
  input: z.strictObject({
    command: z.literal('migration-analyzer repair-relationships'),
    entity: entitySelection,
    autoFix: z.boolean().default(false),
    dryRun: z.boolean().default(false),
    batchId: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional(),
  }),
  answer: repairRelationshipsAnswer,
  finds: 'something stays that nothing proves how to mend; in a dry run: all that was found',
  exit: repairExit,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'auto-fix', kind: 'switch', help: 'write; without it, the command says what it would do' },
    { name: 'dry-run', kind: 'switch', contradicts: ['auto-fix'], help: 'say what would be set (the default)' },
    {
      name: 'batch-id',
      kind: 'text',
      placeholder: 'LABEL',
      help: 'label that groups operations (default: batch_YYYYMMDD)',
    },
  ],
  examples: [
    'migration-analyzer repair-relationships --entity patients',
    'migration-analyzer repair-relationships --entity patients --auto-fix',
  ],
});
