/** Records that the migration failed, and releases what it owned; gives the code and the message that the execution ends with. */
import { failMigrationInput, failMigrationOutput } from '../../shared/contracts/migration.ts';
import { failExecution } from '../operation-failure.ts';
import { step } from '../step.ts';

export const failMigration = failExecution;

export const handler = step('FailMigration', { input: failMigrationInput, output: failMigrationOutput }, failMigration);
