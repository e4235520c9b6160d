import { finishMigrationOutput, resetEntityRequest } from '../../contracts/migration.ts';
import { migrationExit } from '../migration-exit.ts';
import { operation } from '../operation.ts';

export const resetEntity = operation({
  program: 'differential-migration',
  name: 'reset-entity',
  purpose:
    'Forgets checkpoints, bases and differentials of an entity, and migrates it again in full; mappings and undo log stay.',
  class: 'migration',
  input: resetEntityRequest,
  answer: finishMigrationOutput,
  finds: 'rows were set aside, or conflicts are open',
  exit: migrationExit,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    {
      name: 'full-resync',
      kind: 'switch',
      help: 'required: every row that differs from the source is overwritten, also what was edited in the target',
    },
    { name: 'dry-run', kind: 'switch', help: 'say what would be overwritten; forget and write nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'differential-migration reset-entity --entity doctors --full-resync --dry-run',
    'differential-migration reset-entity --entity doctors --full-resync',
    'differential-migration reset-entity --entity doctors --full-resync --json',
  ],
});
