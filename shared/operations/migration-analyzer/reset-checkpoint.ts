import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const resetCheckpointAnswer = z.looseObject({
  dryRun: z.boolean(),
  checkpoints: z.array(
    z.looseObject({
      id: z.string(),
      entity: z.string(),
      operationId: z.string(),
      before: z.string(),
      after: z.string(),
      owner: z.string(),
      /** Its owner was alive: what he writes now fails. */
      fencedOff: z.boolean(),
    }),
  ),
});
export type ResetCheckpointAnswer = z.output<typeof resetCheckpointAnswer>;

export const resetCheckpoint = operation({
  program: 'migration-analyzer',
  name: 'reset-checkpoint',
  purpose: 'Clears the unfinished checkpoints of an entity, so that a new run may start; rows and mappings stay.',
  class: 'change',
  input: z.strictObject({
    command: z.literal('migration-analyzer reset-checkpoint'),
    entity: entitySelection,
    operation: z.string().min(1).optional(),
    force: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  answer: resetCheckpointAnswer,
  exit: () => 0,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    {
      name: 'operation',
      kind: 'text',
      placeholder: 'OP',
      help: 'only checkpoints of this operation: its id, or a type such as differential_migration',
    },
    { name: 'force', kind: 'switch', help: 'also where the owner is alive: he is shut out, and writes nothing more' },
    { name: 'dry-run', kind: 'switch', help: 'say what would be cleared; change nothing' },
  ],
  examples: [
    'migration-analyzer reset-checkpoint --entity orders --operation differential_migration',
    'migration-analyzer reset-checkpoint --entity doctors --force',
    'migration-analyzer reset-checkpoint --entity all --dry-run --json',
  ],
});
