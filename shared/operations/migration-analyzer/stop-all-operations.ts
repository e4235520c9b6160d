import * as z from 'zod';
import { operation } from '../operation.ts';

export const stopAllOperationsAnswer = z.looseObject({
  dryRun: z.boolean(),
  /** Since when and by whom new operations are refused; null: they are not. */
  hold: z.string().nullable(),
  operations: z.array(
    z.looseObject({
      operationId: z.string(),
      operationType: z.string(),
      mapName: z.string(),
      entities: z.array(z.string()),
      /** As it is now. */
      status: z.string(),
      /** Its worker did not end it: nobody was there any more, or it was forced. */
      fencedOff: z.boolean(),
      sessionsEnded: z.number(),
    }),
  ),
  notes: z.array(z.string()),
});
export type StopAllOperationsAnswer = z.output<typeof stopAllOperationsAnswer>;

export const stopAllOperations = operation({
  program: 'migration-analyzer',
  name: 'stop-all-operations',
  purpose: 'Stops every running operation of the target, whatever its map; what was committed stays and is resumable.',
  class: 'stop',
  input: z.strictObject({
    command: z.literal('migration-analyzer stop-all-operations'),
    force: z.boolean().default(false),
    hold: z.boolean().default(false),
    dryRun: z.boolean().default(false),
  }),
  answer: stopAllOperationsAnswer,
  exit: () => 0,
  flags: [
    {
      name: 'graceful',
      kind: 'switch',
      sets: { field: 'force', value: false },
      help: 'every worker ends at its next batch border (the default)',
    },
    {
      name: 'force',
      kind: 'switch',
      sets: { field: 'force', value: true },
      help: 'at once: sessions are ended, and workers shut out',
    },
    { name: 'hold', kind: 'switch', help: 'let no operation begin until resume-all' },
    { name: 'dry-run', kind: 'switch', help: 'say what runs and would be stopped; change nothing' },
  ],
  examples: [
    'migration-analyzer stop-all-operations --graceful',
    'migration-analyzer stop-all-operations --force --hold',
    'migration-analyzer stop-all-operations --dry-run --json',
  ],
});
