import * as z from 'zod';
import { unresolved } from '../../contracts/resolution.ts';
import { operation } from '../operation.ts';

const conflictStatusRequest = z.strictObject({
  command: z.literal('conflict-resolver status'),
  unresolvedOnly: z.boolean().default(false),
});

export type ConflictStatusRequest = z.output<typeof conflictStatusRequest>;

export const conflictStatusAnswer = z.strictObject({
  /** By entity and kind. */
  conflicts: z.array(
    z.strictObject({
      entity: z.string(),
      kind: z.string(),
      open: z.int(),
      resolved: z.int(),
      /** Of the open ones, by when they were seen first. */
      ages: z.strictObject({ day: z.int(), week: z.int(), older: z.int() }),
      oldest: z.string().nullable(),
    }),
  ),
  /** The oldest open ones, each with the id by which it can be settled. */
  open: z.array(unresolved),
});
export type ConflictStatusAnswer = z.output<typeof conflictStatusAnswer>;

export const conflictStatus = operation({
  program: 'conflict-resolver',
  name: 'status',
  purpose: 'Lists differences between the databases that somebody has to decide, by entity, kind and age.',
  class: 'inspect',
  input: conflictStatusRequest,
  answer: conflictStatusAnswer,
  finds: 'a conflict waits for somebody to decide',
  exit: ({ conflicts }) => (conflicts.some(({ kind, open }) => open > 0 && DECIDED_BY_PEOPLE.includes(kind)) ? 1 : 0),
  flags: [{ name: 'unresolved-only', kind: 'switch', help: 'leave out what is settled' }],
  examples: ['conflict-resolver status', 'conflict-resolver status --unresolved-only --json'],
});

/** Edits of the target that are kept, and deletions that are reported, are no conflict (SEMANTICS 37). */
const DECIDED_BY_PEOPLE = ['conflict', 'adopted', 'reappeared'];
