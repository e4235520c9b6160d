import * as z from 'zod';
import { operation } from '../operation.ts';

export const initAnswer = z.looseObject({
  /** The drafted map, in its public form; absent with --roles. */
  map: z.unknown().optional(),
  /** What was guessed, and what nothing was found for. */
  notes: z.array(z.string()).default([]),
  /** With --roles: the statements that create reader, writer and operator. */
  roles: z.string().optional(),
});

export const init = operation({
  program: 'differential-migration',
  name: 'init',
  purpose: 'Drafts a mapping from the catalogs of both databases, by names, types and foreign keys.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('differential-migration init'),
    roles: z.boolean().default(false),
  }),
  answer: initAnswer,
  exit: () => 0,
  flags: [{ name: 'roles', kind: 'switch', help: 'print the GRANTs for reader, writer and operator instead' }],
  examples: ['differential-migration init > map.json', 'differential-migration init --roles'],
});
