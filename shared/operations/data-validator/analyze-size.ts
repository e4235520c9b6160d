import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const sizeAnswer = z.strictObject({
  map: z.string(),
  entities: z.array(
    z.strictObject({
      entity: z.string(),
      sourceRows: z.int(),
      /** Of the whole tables, with indexes; null of a view. */
      sourceBytes: z.int().nullable(),
      targetRows: z.int().nullable(),
      targetBytes: z.int().nullable(),
      mapped: z.int(),
      rowsPerSecond: z.int(),
      basis: z.enum(['measured', 'measured on other entities', 'assumed']),
      /** The whole entity written once, by one lane; null without --estimate-sync-time. */
      seconds: z.number().nullable(),
    }),
  ),
  /** With --estimate-sync-time: of all of them, by wave and lanes, and what that costs. */
  estimate: z
    .strictObject({
      seconds: z.number(),
      /** Where nothing changed, and both sides are compared by sums alone. */
      secondsUnchanged: z.number(),
      lanes: z.int(),
      invocations: z.int(),
      gbSeconds: z.number(),
      transitions: z.int(),
      usd: z.strictObject({ lambda: z.number(), requests: z.number(), stepFunctions: z.number(), total: z.number() }),
    })
    .nullable(),
  notes: z.array(z.string()),
});
export type SizeAnswer = z.output<typeof sizeAnswer>;

export const analyzeSize = operation({
  program: 'data-validator',
  name: 'analyze-size',
  purpose: 'Rows, bytes and rates of the last runs; with --estimate-sync-time how long a run takes and what it costs.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('data-validator analyze-size'),
    entities: entitySelection.default('all'),
    estimateSyncTime: z.boolean().default(false),
  }),
  answer: sizeAnswer,
  exit: () => 0,
  flags: [
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    { name: 'estimate-sync-time', kind: 'switch', help: 'also the time and the cost of a run that writes all of them' },
  ],
  examples: [
    'data-validator analyze-size --entities orders --estimate-sync-time',
    'data-validator analyze-size --entities all --json',
  ],
});
