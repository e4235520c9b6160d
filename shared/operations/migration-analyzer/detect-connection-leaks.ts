import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

const leak = z.strictObject({
  entity: z.string(),
  side: z.enum(['source', 'target']),
  pid: z.int(),
  application: z.string(),
  role: z.string(),
  client: z.string().nullable(),
  kind: z.enum(['idle in transaction', 'works for an ended operation', 'not returned']),
  seconds: z.number(),
  /** It has locks on the entity's table of that side. */
  holdsTable: z.boolean(),
});

export const detectConnectionLeaksAnswer = z.strictObject({
  /** Sessions that were looked at. */
  sessions: z.int(),
  leaks: z.array(leak),
  notes: z.array(z.string()),
});
export type DetectConnectionLeaksAnswer = z.output<typeof detectConnectionLeaksAnswer>;

export const detectConnectionLeaks = operation({
  program: 'migration-analyzer',
  name: 'detect-connection-leaks',
  purpose:
    'Finds sessions that hold what they should have given back: idle in a transaction, or of an ended operation.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer detect-connection-leaks'),
    entity: entitySelection,
  }),
  answer: detectConnectionLeaksAnswer,
  finds: 'a session was not given back',
  exit: ({ leaks }) => (leaks.length > 0 ? 1 : 0),
  flags: [{ name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' }],
  examples: [
    'migration-analyzer detect-connection-leaks --entity orders',
    'migration-analyzer detect-connection-leaks --entity all --json',
  ],
});
