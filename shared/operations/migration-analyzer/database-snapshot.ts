import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const databaseSnapshotAnswer = z.strictObject({
  at: z.string(),
  tables: z.record(
    z.string(),
    z.strictObject({
      rows: z.number(),
      /** Fewer than `rows` where there are many: these are the newest. */
      shown: z.number(),
      /** Columns that hold values of the application's rows, or a secret. */
      leftOut: z.array(z.string()),
      newest: z.array(z.record(z.string(), z.unknown())),
    }),
  ),
});
export type DatabaseSnapshotAnswer = z.output<typeof databaseSnapshotAnswer>;

export const databaseSnapshot = operation({
  program: 'migration-analyzer',
  name: 'database-snapshot',
  purpose:
    'Prints tables of the ledger as JSON for a bug report, the newest rows of each, without values of the application.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer database-snapshot'),
    tables: entitySelection,
  }),
  answer: databaseSnapshotAnswer,
  exit: () => 0,
  flags: [
    {
      name: 'tables',
      kind: 'names',
      placeholder: 'TABLES',
      help: 'tables of the schema portage, a comma list, or all',
    },
  ],
  examples: [
    'migration-analyzer database-snapshot --tables migration_checkpoints,data_differentials,synchronization_jobs',
    'migration-analyzer database-snapshot --tables operations --json',
  ],
});
