import * as z from 'zod';
import { operation } from '../operation.ts';

/** Faults are an error (SYS002, exit 2); an answer is a configuration that holds. */
export const configAnswer = z.looseObject({
  valid: z.literal(true),
  map: z.string(),
  entities: z.array(z.string()),
  notes: z.array(z.string()).default([]),
});

export const validateConfig = operation({
  program: 'migration-analyzer',
  name: 'validate-config',
  purpose: 'Checks variables and mapping, and names all faults in one answer.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer validate-config'),
    comprehensive: z.boolean().default(false),
  }),
  answer: configAnswer,
  exit: () => 0,
  flags: [
    { name: 'comprehensive', kind: 'switch', help: 'also check the mapping against the catalogs of both databases' },
  ],
  examples: ['migration-analyzer validate-config', 'migration-analyzer validate-config --comprehensive --json'],
});
