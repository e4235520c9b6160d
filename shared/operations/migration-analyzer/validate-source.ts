import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const sourceState = z.strictObject({
  entity: z.string(),
  rows: z.int(),
  nullKeys: z.int(),
  /** Keys that stand for several rows. */
  duplicateKeys: z.int(),
  /** Rows on which an expression of the map fails. */
  unreadable: z.int(),
  /** Rows with a value that its target column does not take. */
  unfit: z.int(),
  /** NULLs for columns that must have a value. */
  nulls: z.int(),
  /** Key ranges (from, to] that were not read to their end, because too many of their rows are bad. */
  unread: z.array(z.strictObject({ from: z.string().nullable(), to: z.string().nullable() })),
  examples: z.array(
    z.strictObject({
      legacyId: z.string().nullable(),
      kind: z.enum(['null_key', 'duplicate_key', 'unreadable', 'unfit', 'null']),
      column: z.string().nullable(),
      reason: z.string(),
    }),
  ),
});
export type SourceState = z.output<typeof sourceState>;

export const sourceAnswer = z.strictObject({
  faulty: z.int(),
  conflictRecordsOnly: z.boolean(),
  entities: z.array(sourceState),
  notes: z.array(z.string()),
});
export type SourceAnswer = z.output<typeof sourceAnswer>;

export const validateSource = operation({
  program: 'migration-analyzer',
  name: 'validate-source',
  purpose:
    'Reads every row of an entity as a migration would: keys unique and not NULL, expressions that evaluate, values that fit the target.',
  class: 'inspect-rows',
  input: z.strictObject({
    command: z.literal('migration-analyzer validate-source'),
    entity: entitySelection,
    conflictRecordsOnly: z.boolean().default(false),
  }),
  answer: sourceAnswer,
  finds: 'a row of the source cannot be migrated as it is',
  exit: ({ faulty }) => (faulty > 0 ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'conflict-records-only', kind: 'switch', help: 'only rows with an open conflict' },
  ],
  examples: [
    'migration-analyzer validate-source --entity doctors',
    'migration-analyzer validate-source --entity doctors --conflict-records-only --json',
  ],
});
