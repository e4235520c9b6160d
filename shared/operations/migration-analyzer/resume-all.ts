import { finishMigrationOutput, resumeAllRequest } from '../../contracts/migration.ts';
import { migrationExit } from '../migration-exit.ts';
import { operation } from '../operation.ts';

export const resumeAll = operation({
  program: 'migration-analyzer',
  name: 'resume-all',
  purpose: 'Lifts the hold of stop-all-operations, and continues the interrupted migration of the map.',
  class: 'migration',
  input: resumeAllRequest,
  answer: finishMigrationOutput,
  finds: 'rows were set aside, or conflicts are open',
  exit: migrationExit,
  flags: [{ name: 'no-wait', kind: 'switch', cliOnly: true, help: 'start it, print the operation id and return' }],
  examples: ['migration-analyzer resume-all', 'migration-analyzer resume-all --json'],
});
