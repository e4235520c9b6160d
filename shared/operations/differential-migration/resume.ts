import { finishMigrationOutput, resumeRequest } from '../../contracts/migration.ts';
import { migrationExit } from '../migration-exit.ts';
import { operation } from '../operation.ts';

export const resume = operation({
  program: 'differential-migration',
  name: 'resume',
  purpose: 'Continues an interrupted migration where its last committed batch ended.',
  class: 'migration',
  input: resumeRequest,
  answer: finishMigrationOutput,
  finds: 'rows were set aside, or conflicts are open',
  exit: migrationExit,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity to continue, a comma list, or all' },
    { name: 'no-wait', kind: 'switch', cliOnly: true, help: 'start it, print the operation id and return' },
  ],
  examples: ['differential-migration resume --entity orders', 'differential-migration resume --entity all --json'],
});
