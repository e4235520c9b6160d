import * as z from 'zod';
import { operation } from '../operation.ts';

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const systemInfoAnswer = z.strictObject({
  at: z.string(),
  program: facts,
  machine: facts,
  /** As it is in force; a secret is only said to be there. */
  configuration: facts,
  map: facts,
  source: facts,
  target: facts,
  /** Rows of each table of the ledger, as the planner estimates them where they are many. */
  ledger: facts,
  /** With --comprehensive. */
  sourceSettings: facts.optional(),
  targetSettings: facts.optional(),
  tables: z
    .array(
      z.strictObject({ side: z.enum(['source', 'target']), table: z.string(), rows: z.number(), bytes: z.number() }),
    )
    .optional(),
});
export type SystemInfoAnswer = z.output<typeof systemInfoAnswer>;

export const systemInfo = operation({
  program: 'migration-analyzer',
  name: 'system-info',
  purpose: 'Prints versions, settings and counts for a bug report; no secret and no value of a row is in it.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer system-info'),
    comprehensive: z.boolean().default(false),
  }),
  answer: systemInfoAnswer,
  exit: () => 0,
  flags: [
    {
      name: 'comprehensive',
      kind: 'switch',
      help: 'also settings of both servers, and rows and bytes of each mapped table',
    },
  ],
  examples: [
    'migration-analyzer system-info --comprehensive > debug-info.txt',
    'migration-analyzer system-info --json',
  ],
});
